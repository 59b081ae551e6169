"use strict";

// Everything shown is put in as text, never as markup: what users and bots write is not to be trusted.

const REQUESTS_SHOWN = 60;
const TYPING_MS = 8000;
const MARKED_MS = 3500;
const BUTTONS_MAX = 3;
const PEOPLE = ["Ada", "Grace", "Alan", "Hedy", "Edsger", "Barbara", "Niklaus", "Radia"];

const find = (id) => document.getElementById(id);
const page = {
  user: null,            // the name of the profile written as
  people: new Map(),     // name -> {external_id, phone, first_name, language}
  deliveries: new Map(), // dispatch id -> its line in the thread
  profile: null,         // as last shown
  changes: new Map(),    // name -> when it changed and from what, while that is marked
  lastSide: null,        // whose the last line is
  typing: null,          // the timer that ends it
  requests: 0,
};

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

const timeOf = (at, seconds) =>
  new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", ...(seconds && { second: "2-digit" }) });
const titled = (person) => person.first_name || person.external_id || person.phone || person.user;

async function call(path, options) {
  const response = await fetch(path, options);
  const body = await response.json();
  if (!response.ok) throw new Error(body.message || `status ${response.status}`);
  return body;
}

// ---- people

function showPeople() {
  const select = find("user");
  const options = [...page.people.values()].map((person) => {
    const name = titled(person);
    const option = make("option", "", person.external_id && person.external_id !== name ? `${name} (${person.external_id})` : name);
    option.value = person.user;
    return option;
  });
  if (!options.length) options.push(make("option", "", "Nobody yet"));
  select.replaceChildren(...options);
  select.disabled = !page.people.size;
  if (page.user) select.value = page.user;
}

function addPerson(person) {
  const known = page.people.get(person.user) || {};
  page.people.set(person.user, { ...known, ...Object.fromEntries(Object.entries(person).filter(([, value]) => value != null)) });
}

async function choose(user) {
  page.user = user;
  sessionStorage.setItem("user", user);
  showPeople();
  await showConversation();
  find("text").focus({ preventScroll: true });
}

function askForPerson() {
  const taken = new Set([...page.people.values()].map((person) => person.first_name));
  const name = PEOPLE.find((name) => !taken.has(name)) || "";
  find("new-name").value = name;
  find("new-id").value = name.toLowerCase();
  find("new-phone").value = `+49151${String(23456789 + page.people.size * 1111).padStart(8, "0")}`;
  find("new-language").value = "en";
  find("dialog").showModal();
  find("new-name").select();
}

async function takePerson() {
  const value = (id) => find(id).value.trim();
  const person = { external_id: value("new-id"), phone: value("new-phone"), first_name: value("new-name"), language: value("new-language") };
  person.user = person.external_id || person.phone;
  person.isNew = !page.people.has(person.user);
  find("dialog").close();
  addPerson(person);
  await choose(person.user);
}

// ---- conversation

async function showConversation() {
  const thread = find("thread");
  const user = page.user;
  endTyping();
  if (!user) {
    page.profile = null;
    const empty = make("div", "empty");
    const button = make("button", "button primary", "Add a user");
    button.type = "button";
    button.addEventListener("click", askForPerson);
    empty.append(make("strong", "", "Nobody is here yet"), make("p", "", "Add someone who writes to your WhatsApp number, and see what your bot answers."), button);
    thread.replaceChildren(empty);
    showProfile(null);
    return;
  }
  const query = `user=${encodeURIComponent(user)}`;
  const [deliveries, messages, profile] = await Promise.all([
    call(`/sandbox/deliveries?${query}&last=500`),
    call(`/sandbox/messages?${query}`),
    page.people.get(user).isNew ? null : call(`/sandbox/profiles/${encodeURIComponent(user)}`),
  ]);
  if (user !== page.user) return;
  page.deliveries.clear();
  page.lastSide = null;
  thread.replaceChildren();
  const all = [...deliveries.map((delivery) => [delivery.at, 0, delivery]), ...messages.slice(-500).map((message) => [message.at, 1, message])];
  all.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  if (all.length) thread.append(make("div", "note", new Date(all[0][0]).toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" })));
  else thread.append(make("div", "note", `Messages you type here reach Turnwise the way Braze would deliver them from ${titled(page.people.get(user) || { user })}. Say hello.`));
  for (const [, side, item] of all) side ? showMessage(item) : showDelivery(item);
  page.profile = null;
  page.changes.clear();
  showProfile(profile);
  toEnd(true);
}

function line(mine) {
  const element = make("div", mine ? "line mine" : "line");
  if (page.lastSide !== mine) element.classList.add("turn");
  page.lastSide = mine;
  return element;
}

/** WhatsApp's own marks: *bold*, _italic_, ~struck~ and ```code```. */
function formatted(text) {
  const tags = { "*": "b", "_": "i", "~": "s", "`": "code" };
  const parts = text.split(/(```[^]+?```|(?<![\w*])\*[^\s*](?:[^*\n]*[^\s*])?\*(?!\w)|(?<!\w)_[^\s_](?:[^_\n]*[^\s_])?_(?!\w)|(?<![\w~])~[^\s~](?:[^~\n]*[^\s~])?~(?!\w))/);
  return parts.map((part, index) => {
    if (index % 2 === 0) return document.createTextNode(part);
    const width = part.startsWith("```") ? 3 : 1;
    return make(tags[part[0]], "", part.slice(width, -width));
  });
}

/** Without percent signs where they stand for something. */
function readable(path) {
  try { return decodeURI(path); } catch { return path; }
}

function fileCard(url) {
  const shown = (() => { try { return new URL(url); } catch { return null; } })();
  const safe = shown && /^https?:$/.test(shown.protocol);
  const card = make(safe ? "a" : "div", "file");
  if (safe) { card.href = shown.href; card.target = "_blank"; card.rel = "noreferrer noopener"; }
  const words = make("span");
  words.append(make("b", "", readable((shown && shown.pathname.split("/").pop()) || url)), make("small", "", shown ? shown.host : "attachment"));
  card.append(icon("file"), words);
  return card;
}

/** What the user wrote, with how its delivery stands. */
function showDelivery(delivery) {
  let shown = page.deliveries.get(delivery.dispatch_id);
  const isNew = !shown;
  if (isNew) {
    shown = line(true);
    page.deliveries.set(delivery.dispatch_id, shown);
    place(shown);
  }
  const bubble = make("div", "bubble");
  for (const url of delivery.media) bubble.append(fileCard(url));
  bubble.append(...formatted(delivery.message));
  const attempts = delivery.attempts;
  const last = attempts[attempts.length - 1];
  const state = make("span", delivery.outcome);
  const said = last && (last.answer && last.answer.message ? last.answer.message : typeof last.answer === "string" ? last.answer : "");
  const reason = last ? (last.status ? `${last.status}${said ? `: ${said}` : ""}` : said) : "";
  const words = { sending: "On its way", delivered: `Delivered to Turnwise (${reason || "received"})`, retrying: "Retrying", failed: "Not delivered" }[delivery.outcome];
  state.title = words;
  state.setAttribute("role", "img");
  state.setAttribute("aria-label", words);
  state.append(icon(delivery.outcome));
  const meta = make("span", "meta", timeOf(delivery.at));
  meta.append(state);
  bubble.append(meta);
  const parts = [bubble];
  if (delivery.outcome === "retrying") parts.push(make("div", "why retrying", `Retrying after attempt ${attempts.length} (${reason})`));
  if (delivery.outcome === "failed") parts.push(make("div", "why", `Not delivered after ${attempts.length === 1 ? "1 attempt" : `${attempts.length} attempts`} (${reason})`));
  shown.replaceChildren(...parts);
  return isNew;
}

function showMessage(message) {
  if (message.text === null && !message.media) {
    page.lastSide = null;
    place(make("div", "note", message.canvas_id ? `Entered Canvas ${message.canvas_id}` : `Campaign ${message.campaign_id} was sent; it shows no text`));
    return;
  }
  const shown = line(false);
  const bubble = make("div", "bubble");
  if (message.media) bubble.append(fileCard(message.media));
  bubble.append(...formatted(message.text || ""), make("span", "meta", timeOf(message.at)));
  shown.append(bubble);
  const choices = message.choices.filter((choice) => choice.title);
  if (choices.length) {
    const tappable = make("div", "choices");
    if (choices.length <= BUTTONS_MAX) {
      for (const choice of choices) tappable.append(tap("reply", choice.title, () => send(choice.title)));
    } else {
      tappable.append(tap("list", "Choose", () => openSheet(choices)));
    }
    shown.append(tappable);
  }
  place(shown);
}

function tap(iconName, title, act) {
  const button = make("button", "choice");
  button.type = "button";
  button.append(icon(iconName), make("span", "", title));
  button.addEventListener("click", (event) => {
    act();
    // Whoever taps by keyboard goes on writing; on a phone this would bring up the keyboard.
    if (event.detail === 0 && find("sheet").hidden) find("text").focus();
  });
  return button;
}

function openSheet(choices) {
  const opener = document.activeElement;
  const rows = choices.map((choice) => {
    const row = make("button", "", choice.title);
    row.type = "button";
    if (choice.description) row.append(make("small", "", choice.description));
    row.addEventListener("click", (event) => {
      closeSheet();
      if (event.detail === 0) find("text").focus();
      send(choice.title);
    });
    return row;
  });
  find("rows").replaceChildren(...rows);
  find("sheet").hidden = false;
  find("sheet").onclose = () => opener && opener.focus();
  rows[0].focus();
}

/** The keyboard stays in the open sheet. */
function moveInSheet(event) {
  const step = { ArrowDown: 1, ArrowUp: -1, Tab: event.shiftKey ? -1 : 1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const rows = [...find("rows").children];
  rows[(rows.indexOf(document.activeElement) + step + rows.length) % rows.length].focus();
}

function closeSheet() {
  if (find("sheet").hidden) return;
  find("sheet").hidden = true;
  find("sheet").onclose();
}

/** At the end of the thread, but before the dots of someone typing. */
function place(element) {
  const dots = find("thread").querySelector(".typing");
  dots ? dots.before(element) : find("thread").append(element);
}

function toEnd(always) {
  const thread = find("thread");
  const near = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 260;
  if (always || near) thread.scrollTop = thread.scrollHeight;
}

function beginTyping() {
  endTyping();
  const shown = make("div", "line turn typing");
  const dots = make("div", "bubble dots");
  dots.append(make("i"), make("i"), make("i"));
  shown.append(dots);
  find("thread").append(shown);
  find("presence").textContent = "typing…";
  find("presence").classList.add("typing");
  page.typing = setTimeout(endTyping, TYPING_MS);
}

function endTyping() {
  clearTimeout(page.typing);
  page.typing = null;
  for (const dots of document.querySelectorAll(".typing")) if (dots.id !== "presence") dots.remove();
  find("presence").textContent = "WhatsApp business number";
  find("presence").classList.remove("typing");
}

async function send(text) {
  const media = find("media").value.trim();
  if (!page.user) return askForPerson();
  if (!text.trim() && !media) return;
  const person = page.people.get(page.user);
  const body = { user_id: person.external_id || "", phone_number: person.phone || "", message: text, media: media ? [media] : [] };
  if (person.first_name) body.first_name = person.first_name;
  if (person.language) body.language = person.language;
  find("media").value = "";
  showAttachment(false);
  try {
    await call("/sandbox/inbound", { method: "POST", body: JSON.stringify(body) });
  } catch (error) {
    place(make("div", "note", `Not sent: ${error.message}`));
    // What was written can be sent again, unless something else is being written by now.
    if (!find("text").value) { find("text").value = text; fit(); }
    if (media && !find("media").value) { find("media").value = media; find("attachment").hidden = false; }
  }
  toEnd(true);
}

function showAttachment(shown) {
  find("attachment").hidden = !shown;
  find("attach").setAttribute("aria-expanded", String(shown));
  if (shown) find("media").focus();
  toEnd(false);
}

function fit() {
  const text = find("text");
  text.style.height = "41px";
  text.style.height = `${Math.min(text.scrollHeight, 130)}px`;
  toEnd(false);
}

// ---- profile

const worded = (value) => (typeof value === "string" ? value : JSON.stringify(value));

function showProfile(profile) {
  const shown = find("profile");
  if (!profile) {
    page.profile = null;
    shown.replaceChildren(make("p", "soft", page.user ? "Braze makes the profile with the first message." : "What Braze knows of the user appears here, live."));
    return;
  }
  const before = page.profile;
  page.profile = profile;
  const person = make("div", "person");
  const names = make("div");
  const name = titled(profile);
  const ids = [profile.external_id || "no external id", profile.phone].filter(Boolean).join(" · ");
  names.append(make("strong", "", [name, profile.last_name].filter(Boolean).join(" ")), make("small", "", ids));
  person.append(make("span", "avatar", name.replace(/^\+/, "").slice(0, 1).toUpperCase()), names);

  const attributes = facts(profile.custom_attributes, before && before.custom_attributes);
  const parts = [person, make("div", "section", "Custom attributes"), attributes || make("p", "soft", "None yet.")];
  const events = {};
  const eventsBefore = before && {};
  for (const [event, seen] of Object.entries(profile.custom_events)) events[event] = `${seen.count} ×`;
  for (const [event, seen] of Object.entries((before && before.custom_events) || {})) eventsBefore[event] = `${seen.count} ×`;
  const eventFacts = facts(events, eventsBefore);
  if (eventFacts) parts.push(make("div", "section", "Custom events"), eventFacts);
  const hidden = new Set(["user", "external_id", "phone", "first_name", "last_name", "custom_attributes", "custom_events", "purchases", "updated_at", "messages_received", "user_aliases"]);
  const pick = (from) => from && Object.fromEntries(Object.entries(from).filter(([key]) => !hidden.has(key)));
  parts.push(make("div", "section", "Profile fields"), facts(pick(profile), pick(before)));
  shown.replaceChildren(...parts);
}

/** Names with values; what changed is marked for a while, with the old value where there was one. */
function facts(now, before) {
  const names = Object.keys(now);
  const gone = Object.keys(before || {}).filter((name) => !(name in now));
  if (!names.length && !gone.length) return null;
  const list = make("dl", "facts");
  for (const name of [...names, ...gone]) {
    const [old, value] = [before && name in before ? worded(before[name]) : null, name in now ? worded(now[name]) : null];
    if (before && old !== value) page.changes.set(name, { at: Date.now(), old });
    const [term, entry] = [make("dt", "", name), make("dd")];
    const change = page.changes.get(name);
    const age = change ? Date.now() - change.at : Infinity;
    if (age < MARKED_MS) {
      if (change.old !== null) entry.append(make("s", "", change.old));
      for (const part of [term, entry]) {
        part.classList.add("changed");
        // A change marked before goes on fading from where it was.
        part.style.animationDelay = `-${age}ms`;
      }
    }
    entry.append(value === null ? make("em", "", "deleted") : document.createTextNode(value));
    list.append(term, entry);
  }
  return list;
}

// ---- requests

function showRequest(request, fresh) {
  const list = find("requests");
  if (!page.requests) list.replaceChildren();
  page.requests += 1;
  const details = make("details", fresh ? "fresh" : "");
  const summary = make("summary");
  const code = make("span", request.status >= 200 && request.status < 300 ? "code" : "code bad", request.status === null ? "dropped" : request.status);
  summary.append(make("span", "method", request.method), make("span", "path", request.path), make("span", "gist", gist(request.body)), code, make("span", "time", timeOf(request.at, true)));
  details.append(summary);
  details.addEventListener("toggle", () => {
    if (details.children.length > 1) return;
    const text = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
    details.append(make("div", "part", "Request"), make("pre", "", text(request.body)), make("div", "part", "Answer"), make("pre", "", text(request.answer)));
  });
  list.prepend(details);
  while (list.children.length > REQUESTS_SHOWN) list.lastElementChild.remove();
  find("count").textContent = page.requests;
}

/** The point of a request in a few words: to whom, and what. */
function gist(body) {
  if (!body || typeof body !== "object") return "";
  const counts = ["attributes", "events", "purchases"].filter((name) => Array.isArray(body[name]) && body[name].length);
  if (counts.length) return counts.map((name) => `${body[name].length} ${body[name].length === 1 ? name.slice(0, -1) : name}`).join(", ");
  const [first, ...others] = Array.isArray(body.recipients) ? body.recipients : [];
  if (!first) return "";
  const whom = first.external_user_id || (first.user_alias && first.user_alias.alias_name) || first.email || "";
  const properties = { ...body.trigger_properties, ...first.trigger_properties };
  const said = Object.values(properties).find((value) => typeof value === "string") || "";
  return `${whom}${others.length ? ` and ${others.length} more` : ""}${said ? `: ${said}` : ""}`;
}

function noRequests() {
  page.requests = 0;
  find("count").textContent = "";
  find("requests").replaceChildren(make("p", "soft", "What the host asks of Braze appears here: method, path, answer, and the body on a click."));
}

// ---- live

/** Everything anew: at the start, after a reset, and whenever the stream was interrupted. */
async function reload() {
  const [people, requests] = await Promise.all([call("/sandbox/profiles"), call(`/sandbox/requests?last=${REQUESTS_SHOWN}`)]);
  // A sandbox that was started anew knows nobody of those who wrote before.
  for (const person of page.people.values()) person.isNew = true;
  for (const person of people.slice(-200)) addPerson({ ...person, isNew: false });
  const last = sessionStorage.getItem("user");
  if (!page.user && page.people.size) page.user = page.people.has(last) ? last : page.people.keys().next().value;
  noRequests();
  for (const request of requests) showRequest(request, false);
  showPeople();
  await showConversation();
}

function listen() {
  const events = new EventSource("/sandbox/events");
  const on = (kind, act) => events.addEventListener(kind, (event) => act(JSON.parse(event.data)));
  // Only what was said after everything was fetched anew is sure to be shown, so until then the page counts as offline.
  events.onopen = async () => { await reload(); find("offline").hidden = true; };
  events.onerror = () => { find("offline").hidden = false; };
  on("message", (message) => {
    if (message.user !== page.user) return;
    endTyping();
    showMessage(message);
    find("thread").lastElementChild.classList.add("fresh");
    toEnd(false);
  });
  on("delivery", (delivery) => {
    if (delivery.user !== page.user) return;
    const isNew = showDelivery(delivery);
    if (isNew) page.deliveries.get(delivery.dispatch_id).classList.add("fresh");
    const answered = delivery.outcome === "delivered" && page.lastSide === true && !isNew;
    if (answered) beginTyping();
    else if (!isNew && delivery.outcome === "failed") endTyping();
    toEnd(isNew);
  });
  on("profile", (profile) => {
    const known = page.people.has(profile.user);
    addPerson({ isNew: false, user: profile.user, external_id: profile.external_id, phone: profile.phone, first_name: profile.first_name, language: profile.language });
    if (!known) showPeople();
    if (!page.user) choose(profile.user);
    else if (profile.user === page.user) showProfile(profile);
  });
  on("request", (request) => showRequest(request, true));
  on("reset", () => { page.people.clear(); page.user = null; reload(); });
}

function tick() {
  find("clock").textContent = timeOf(Date.now());
}

find("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = find("text").value;
  if (page.user) { find("text").value = ""; fit(); }
  send(text);
});
find("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    find("composer").requestSubmit();
  }
});
find("text").addEventListener("input", fit);
find("attach").addEventListener("click", () => showAttachment(find("attachment").hidden));
find("user").addEventListener("change", (event) => choose(event.target.value));
find("add").addEventListener("click", askForPerson);
find("cancel").addEventListener("click", () => find("dialog").close());
find("new-user").addEventListener("submit", (event) => { event.preventDefault(); takePerson(); });
find("reset").addEventListener("click", () => {
  if (confirm("Forget all users, messages, requests and faults?")) fetch("/sandbox/reset", { method: "POST" });
});
find("sheet").addEventListener("keydown", moveInSheet);
find("sheet").addEventListener("click", (event) => { if (event.target === find("sheet")) closeSheet(); });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") closeSheet(); });
tick();
setInterval(tick, 10000);
listen();
