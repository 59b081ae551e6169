// Makes the console's pages live; everything works without it.
//
// [id][data-live="topic …"]  is fetched again (from data-src, else the page itself) and morphed when a topic changed
// form[data-async]           is sent without leaving the page; where it is refused, its .form-error says why
// [data-copy="#id"]          copies that element's text
// [data-row]                 j and k go from one to the next; Enter opens the first link in it
// [data-insert="#id"]        puts its data-text into that field
// [data-typing="URL"]        tells that URL now and then that somebody writes; Ctrl+Enter sends
// textarea[data-send]        Enter sends, Shift+Enter begins a line
// [data-end]                 stays scrolled to its end while somebody reads there
// time[data-since], time[data-until]  (ms) say how long since, how long until
"use strict";
(() => {
  const policy = window.trustedTypes
    ? trustedTypes.createPolicy("turnwise", { createHTML: (html) => html })
    : { createHTML: (html) => html };
  const parse = (text) => new DOMParser().parseFromString(policy.createHTML(text), "text/html");
  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const REGION = { headers: { "x-turnwise-region": "1" } };

  // Morphing: what is the same stays the same element, so focus, typed text, scrolling and what is unfolded stay, too.
  const key = (node) => (node.nodeType === 1 ? node.id || node.getAttribute("data-key") || "" : "");
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && key(a) === key(b);
  const theirs = (node, name) => name === "open" || name === "aria-busy" || (name === "value" && node === document.activeElement);

  function morph(node, wanted) {
    if (node.nodeType !== 1) {
      if (node.nodeValue !== wanted.nodeValue) node.nodeValue = wanted.nodeValue;
      return;
    }
    if (node.isEqualNode(wanted)) return;
    for (const { name, value } of wanted.attributes)
      if (!theirs(node, name) && node.getAttribute(name) !== value) node.setAttribute(name, value);
    for (const { name } of [...node.attributes])
      if (!theirs(node, name) && !wanted.hasAttribute(name)) node.removeAttribute(name);
    if (node.nodeName === "SELECT" && node === document.activeElement) return;
    const atEnd = node.hasAttribute("data-end") && node.scrollHeight - node.scrollTop - node.clientHeight < 40;
    morphChildren(node, wanted);
    if (atEnd) node.scrollTop = node.scrollHeight;
  }

  function morphChildren(node, wanted) {
    const keys = new Set([...wanted.childNodes].map(key).filter(Boolean));
    let at = node.firstChild;
    for (const next of [...wanted.childNodes]) {
      while (at && key(at) && key(at) !== key(next) && !keys.has(key(at))) at = drop(at);
      if (at && alike(at, next)) {
        morph(at, next);
        at = at.nextSibling;
        continue;
      }
      const moved = key(next) && [...node.childNodes].find((other) => alike(other, next));
      if (moved) morph(moved, next);
      node.insertBefore(moved || document.importNode(next, true), at);
    }
    // Why a form was refused stays readable: a refusal is itself a change that fetches the form again.
    while (at) at = at.nodeType === 1 && at.matches(".form-error") ? at.nextSibling : drop(at);
  }

  const unsent = (field) => field === document.activeElement || field.value !== field.defaultValue;

  // A form that is not there any more, because somebody else has the conversation now, keeps what was written in it until the page is left.
  function drop(node) {
    const next = node.nextSibling;
    if (node.nodeType === 1 && all("textarea", node).some((field) => field.value !== field.defaultValue)) {
      node.setAttribute("data-stale", "This cannot be sent any more. What you wrote is kept here to be copied.");
      for (const button of all("button", node)) button.disabled = true;
    } else node.remove();
    return next;
  }

  // Regions.
  const topicsOf = (region) => region.dataset.live.split(/\s+/);
  const sourceOf = (region) => new URL(region.dataset.src || location.href, location.href).href.split("#")[0];
  const loading = new Map(); // URL → whether it changed again meanwhile

  async function refresh(url) {
    if (loading.has(url)) return loading.set(url, true);
    loading.set(url, false);
    try {
      const response = await fetch(url, REGION);
      if (response.redirected) return location.reload();
      if (response.ok) {
        const page = parse(await response.text());
        clock(page);
        for (const region of all("[data-live][id]")) {
          const fresh = sourceOf(region) === url && page.getElementById(region.id);
          if (fresh) morph(region, fresh);
        }
        tick();
        listen();
      }
    } catch {
      // The stream of changes comes again when the host does, and everything is fetched then.
    }
    setTimeout(() => {
      const again = loading.get(url);
      loading.delete(url);
      if (again) refresh(url);
    }, 100);
  }

  let stream = null;
  let heard = "";
  function listen() {
    const topics = document.hidden ? [] : [...new Set(all("[data-live]").flatMap(topicsOf))].sort();
    const wanted = topics.map((topic) => `topic=${encodeURIComponent(topic)}`).join("&");
    if (stream && wanted === heard && stream.readyState !== EventSource.CLOSED) return;
    stream?.close();
    stream = null;
    heard = wanted;
    if (!wanted) return;
    stream = new EventSource(`/console/live?${wanted}`);
    stream.addEventListener("hello", (event) => {
      document.body.classList.remove("offline");
      if (event.data !== new URL($("script[src]").src).pathname && !all("textarea, input").some(unsent)) return location.reload();
      for (const url of new Set(all("[data-live]").map(sourceOf))) refresh(url);
    });
    stream.addEventListener("changed", (event) => {
      const changed = new Set(event.data.split(" "));
      const regions = all("[data-live]").filter((region) => topicsOf(region).some((topic) => changed.has(topic)));
      for (const url of new Set(regions.map(sourceOf))) refresh(url);
    });
    stream.addEventListener("error", () => {
      document.body.classList.add("offline");
      if (stream?.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
    });
  }
  document.addEventListener("visibilitychange", listen);

  // Forms.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("form[data-async]")) return;
    event.preventDefault();
    if (form.getAttribute("aria-busy")) return;
    form.setAttribute("aria-busy", "true");
    const fields = new URLSearchParams(new FormData(form, event.submitter));
    const url = new URL(event.submitter?.getAttribute("formaction") || form.getAttribute("action") || location.href, location.href);
    const isGet = form.method === "get";
    if (isGet) url.search = fields;
    try {
      const response = await fetch(url, isGet ? {} : { method: "POST", body: fields });
      const page = parse(await response.text());
      const fresh = $("#main", page);
      if (!response.ok || !fresh) {
        if (response.redirected) return location.assign(response.url);
        return complain(form, $("[data-error]", page)?.textContent || `The host answered ${response.status}.`);
      }
      complain(form, "");
      // What was typed since it was sent is not sent yet.
      if (!isGet && String(new URLSearchParams(new FormData(form, event.submitter))) === String(fields)) form.reset();
      for (const details of all("details.confirm[open]", form.closest("details.confirm")?.parentNode || form)) details.open = false;
      clock(page);
      morph($("#main"), fresh);
      document.title = page.title;
      if (response.url !== location.href) history.replaceState(null, "", response.url);
      tick();
      listen();
    } catch {
      complain(form, "The host does not answer. Nothing is lost: try again.");
    } finally {
      form.removeAttribute("aria-busy");
    }
  });

  let told = 0;
  document.addEventListener("input", ({ target }) => {
    if (!target.dataset.typing || Date.now() - told < 3000) return;
    told = Date.now();
    fetch(target.dataset.typing, { method: "POST" }).catch(() => {});
  });
  document.addEventListener("keydown", (event) => {
    const form = event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest("textarea")?.form;
    if (form) (event.preventDefault(), form.requestSubmit());
  });

  function complain(form, text) {
    let place = $(".form-error", form);
    if (!place && !text) return;
    if (!place) {
      place = document.createElement("p");
      place.className = "form-error";
      place.setAttribute("role", "alert");
      form.append(place);
    }
    place.textContent = text;
    place.hidden = !text;
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
  });

  document.addEventListener("click", async (event) => {
    const close = event.target.closest("[data-close]");
    if (close) (close.closest("dialog")?.close(), close.closest("details")?.removeAttribute("open"), close.closest(".flash")?.remove());
    const insert = event.target.closest("[data-insert]");
    if (insert) {
      const field = $(insert.dataset.insert);
      field.setRangeText(insert.dataset.text, field.selectionStart, field.selectionEnd, "end");
      insert.closest("details")?.removeAttribute("open");
      field.focus();
    }
    const copy = event.target.closest("[data-copy]");
    if (!copy) return;
    const text = $(copy.dataset.copy);
    try {
      await navigator.clipboard.writeText(text.textContent);
    } catch {
      getSelection().selectAllChildren(text);
      document.execCommand("copy");
    }
    const said = copy.textContent;
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = said), 1500);
  });

  // Time goes by the host's clock, which `turnwise dev` can turn.
  let ahead = 0;
  function clock(page) {
    const now = Number(page.body?.dataset.now);
    if (now) ahead = now - Date.now();
  }
  function span(ms) {
    const s = Math.max(0, Math.floor(ms / 1000));
    if (s < 60) return `${s} s`;
    if (s < 3600) return `${Math.floor(s / 60)} min`;
    return s < 172800 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86400)} d`;
  }
  function tick() {
    const now = Date.now() + ahead;
    for (const time of all("time[data-since], time[data-until]")) {
      const { since, until } = time.dataset;
      const text = span(since ? now - since : until - now);
      if (time.textContent !== text) time.textContent = text;
    }
  }

  // Keys.
  const typing = (node) => node.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
  const shown = (node) => node.offsetParent !== null;
  let led = false;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const node = document.activeElement || document.body;
    if (event.key === "Escape") {
      if (typing(node)) return node.blur();
      return all("details.confirm[open], details.menu[open]").forEach((details) => (details.open = false));
    }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && node.matches("[data-send]")) {
      event.preventDefault();
      return node.form.requestSubmit();
    }
    if (typing(node)) return;
    if (led) {
      led = false;
      const link = $(`nav a[data-key="${CSS.escape(event.key)}"]`);
      if (link) (event.preventDefault(), link.click());
      return;
    }
    const rows = all("[data-row]").filter(shown);
    const at = rows.findIndex((row) => row.contains(node));
    const go = (row) => row && (row.matches("a, button") ? row : $("a, button, summary", row) || row).focus();
    const acts = {
      "?": () => $("#keys").showModal(),
      "/": () => all("[data-search], input[type=search]").find(shown)?.focus(),
      g: () => ((led = true), setTimeout(() => (led = false), 1500)),
      j: () => go(rows[Math.min(at + 1, rows.length - 1)]),
      k: () => go(rows[Math.max(at - 1, 0)]),
    };
    const own = all("[data-shortcut]").find((one) => one.dataset.shortcut === event.key && shown(one));
    const act = acts[event.key] || (own && (() => (own.matches("input, textarea, select") ? own.focus() : own.click())));
    if (act) (event.preventDefault(), act());
  });

  for (const place of all("[data-end]")) place.scrollTop = place.scrollHeight;
  clock(document);
  tick();
  setInterval(tick, 1000);
  listen();
})();
