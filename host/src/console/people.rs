//! *People*: who may sign in and which machines have tokens; the audit log; and one's own account.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, Query};
use axum::http::HeaderMap;
use axum::http::header::HOST;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::page::{Page, done, html};
use super::{Console, Trouble, words};
use crate::limits::{AUDIT_PAGE_ROWS, AUDIT_SEARCH_ROWS_MAX, PASSWORD_CHARS_MIN};
use crate::people::{Auditor, Key, Listed, ListedToken, Person, Role, action};
use crate::storage::{AuditEntry, AuditSeq};

const PEOPLE: &str = "/console/people";

pub(super) fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route(PEOPLE, get(list).post(add))
        .route("/console/people/{id}/role", post(set_role))
        .route("/console/people/{id}/enable", post(enable))
        .route("/console/people/{id}/disable", post(disable))
        .route("/console/people/{id}/invite", post(invite))
        .route("/console/people/tokens", post(create_token))
        .route("/console/people/tokens/{id}/revoke", post(revoke_token))
        .route("/console/audit", get(audit))
        .route("/console/account", get(account))
        .route("/console/account/password", post(change_password))
}

/// Shown this once: a link or a token.
struct Once {
    name: String,
    said: &'static str,
    text: String,
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    page: Page,
    people: Vec<Listed>,
    tokens: Vec<ListedToken>,
    roles: [Role; 4],
    link: Option<Once>,
}

async fn list(page: Page, auditor: Auditor) -> Result<Response, Trouble> {
    show(page, &auditor, None).await
}

async fn show(page: Page, auditor: &Auditor, link: Option<Once>) -> Result<Response, Trouble> {
    page.needs(Role::Admin)?;
    let page = Page { path: PEOPLE.to_owned(), ..page.titled("People") };
    let (people, tokens) = (auditor.people().list().await?, auditor.people().tokens().await?);
    html(&PeoplePage { page, people, tokens, roles: Role::ALL, link })
}

#[derive(Deserialize)]
struct Named {
    name: String,
    role: String,
}

fn role(text: &str) -> Result<Role, Trouble> {
    text.parse().map_err(|error: &str| Trouble::wrong(error))
}

async fn add(
    page: Page,
    auditor: Auditor,
    headers: HeaderMap,
    Form(Named { name, role: given }): Form<Named>,
) -> Result<Response, Trouble> {
    page.needs(Role::Admin)?;
    let (person, key) = auditor.people().add(&name, role(&given)?).await?;
    auditor.did(action::PERSON_ADDED, format!("{} as {}", person.name, person.role)).await?;
    show(page, &auditor, Some(link(&headers, person, &key))).await
}

async fn invite(page: Page, auditor: Auditor, headers: HeaderMap, Path(id): Path<String>) -> Result<Response, Trouble> {
    page.needs(Role::Admin)?;
    let (person, key) = auditor.people().invite(&id).await?;
    auditor.did(action::PERSON_INVITED, &person.name).await?;
    show(page, &auditor, Some(link(&headers, person, &key))).await
}

/// As the admin's browser sees us, so that it works for others, too.
fn link(headers: &HeaderMap, person: Person, key: &Key) -> Once {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = if text(axum::http::header::ORIGIN).is_some_and(|origin| origin.starts_with("https:")) {
        "https"
    } else {
        "http"
    };
    let host = text(HOST).unwrap_or("127.0.0.1:8081");
    Once {
        name: person.name,
        said: "Send this link; whoever opens it within eight days chooses the password.",
        text: format!("{scheme}://{host}/console/welcome?key={}", key.text()),
    }
}

#[derive(Deserialize)]
struct NewRole {
    role: String,
}

async fn set_role(
    page: Page,
    auditor: Auditor,
    Path(id): Path<String>,
    Form(NewRole { role: given }): Form<NewRole>,
) -> Result<Response, Trouble> {
    page.needs(Role::Admin)?;
    let person = auditor.people().set_role(&id, role(&given)?).await?;
    auditor.did(action::PERSON_CHANGED, format!("{} is {}", person.name, person.role)).await?;
    Ok(done(PEOPLE, &format!("{} is {} now, and signs in again.", person.name, person.role)))
}

async fn enable(page: Page, auditor: Auditor, Path(id): Path<String>) -> Result<Response, Trouble> {
    set_disabled(&page, &auditor, &id, false).await
}

async fn disable(page: Page, auditor: Auditor, Path(id): Path<String>) -> Result<Response, Trouble> {
    set_disabled(&page, &auditor, &id, true).await
}

async fn set_disabled(page: &Page, auditor: &Auditor, id: &str, disabled: bool) -> Result<Response, Trouble> {
    page.needs(Role::Admin)?;
    let person = auditor.people().set_disabled(id, disabled).await?;
    let is = if disabled { "disabled" } else { "enabled" };
    auditor.did(action::PERSON_CHANGED, format!("{} is {is}", person.name)).await?;
    Ok(done(PEOPLE, &format!("{} is {is}.", person.name)))
}

async fn create_token(
    page: Page,
    auditor: Auditor,
    Form(Named { name, role: given }): Form<Named>,
) -> Result<Response, Trouble> {
    page.needs(Role::Admin)?;
    let (token, key) = auditor.people().create_token(&name, role(&given)?, auditor.caller()).await?;
    auditor.did(action::TOKEN_CREATED, format!("{} ({}) as {}", token.name, token.id, token.role)).await?;
    let said = "The token. Put it where the machine keeps its secrets.";
    show(page, &auditor, Some(Once { name: token.name, said, text: key.text() })).await
}

async fn revoke_token(page: Page, auditor: Auditor, Path(id): Path<String>) -> Result<Response, Trouble> {
    page.needs(Role::Admin)?;
    let token = auditor.people().revoke_token(&id).await?;
    auditor.did(action::TOKEN_REVOKED, format!("{} ({})", token.name, token.id)).await?;
    Ok(done(PEOPLE, &format!("The token of {} opens nothing any more.", token.name)))
}

#[derive(Default, Deserialize)]
struct Filter {
    #[serde(default)]
    who: String,
    #[serde(default)]
    what: String,
    #[serde(default)]
    subject: String,
    before: Option<u64>,
}

impl Filter {
    fn fits(&self, entry: &AuditEntry) -> bool {
        let has = |text: &str, part: &str| part.is_empty() || text.to_lowercase().contains(&part.trim().to_lowercase());
        has(&entry.name, &self.who)
            && has(&entry.action, &self.what)
            && has(entry.subject.as_deref().unwrap_or_default(), &self.subject)
    }
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    page: Page,
    filter: Filter,
    entries: Vec<(AuditSeq, AuditEntry)>,
    /// Where older ones go on.
    more: Option<u64>,
}

async fn audit(page: Page, auditor: Auditor, Query(filter): Query<Filter>) -> Result<Response, Trouble> {
    page.needs(Role::Admin)?;
    let mut before = AuditSeq(filter.before.unwrap_or(u64::MAX));
    let (mut entries, mut looked_at, mut more) = (Vec::new(), 0, None);
    while entries.len() < AUDIT_PAGE_ROWS && looked_at < AUDIT_SEARCH_ROWS_MAX {
        let piece = auditor.people().audited(before, AUDIT_PAGE_ROWS).await?;
        looked_at += piece.len();
        more = piece.last().map(|(seq, _)| seq.0);
        let Some((last, _)) = piece.last() else { break };
        before = *last;
        let is_last_piece = piece.len() < AUDIT_PAGE_ROWS;
        for (seq, entry) in piece.into_iter().filter(|(_, entry)| filter.fits(entry)) {
            if entries.len() < AUDIT_PAGE_ROWS {
                more = Some(seq.0);
                entries.push((seq, entry));
            }
        }
        if is_last_piece {
            more = None;
            break;
        }
    }
    html(&AuditPage { page: page.titled("Audit log"), filter, entries, more })
}

#[derive(Template)]
#[template(path = "me.html")]
struct Me {
    page: Page,
    has_password: bool,
    password_chars_min: usize,
}

async fn account(page: Page, auditor: Auditor) -> Result<Response, Trouble> {
    let has_password = auditor.people().list().await?.iter().any(|person| person.id == auditor.caller().id);
    html(&Me { page: page.titled("My account"), has_password, password_chars_min: PASSWORD_CHARS_MIN })
}

#[derive(Deserialize)]
struct Passwords {
    old: String,
    new: String,
}

async fn change_password(auditor: Auditor, Form(Passwords { old, new }): Form<Passwords>) -> Result<Response, Trouble> {
    auditor.people().change_password(auditor.caller(), &old, &new).await?;
    auditor.did(action::PASSWORD_CHANGED, &auditor.caller().name).await?;
    Ok(done("/console/sign-in", "The password is changed. Sign in with it."))
}
