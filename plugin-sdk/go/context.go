package plugin

import "time"

// Context is everything about a turn but its event. It is recorded with the turn: a replay sees the same values.
type Context struct {
	// Conversation is the id of one user on one source.
	Conversation string
	// Session counts sessions of this conversation from 1.
	Session uint32
	// Turn counts turns of this conversation from 1.
	Turn uint32
	// User is who is talking.
	User User
	// Source is the inbound source as named in the configuration, e.g. "whatsapp".
	Source string
	// Now is when the turn runs. It stands still during the turn, and is what [time.Now] says too.
	Now time.Time
	// Seed is the turn's only randomness.
	Seed uint32
	// Settings are `[plugins.NAME.settings]` of the configuration.
	Settings []NamedJSON
	// Fields are values the inbound carried beside the message.
	Fields []NamedJSON
	// Desk says whether a human could take over now.
	Desk Desk
}

// User is who is talking. What is not known is empty.
type User struct {
	// ExternalID is Braze's; empty for a number that Braze does not know yet.
	ExternalID string
	// Alias is the anonymous profile where there is no external id.
	Alias *UserAlias
	// Phone is E.164.
	Phone string
	// Language is BCP 47, as Braze sent it.
	Language string
	// ProfileName is the WhatsApp display name. It is set by the user; never trust it.
	ProfileName string
}

// UserAlias names an anonymous Braze profile.
type UserAlias struct {
	// Name is the number, for label "phone".
	Name string
	// Label is what kind of alias it is.
	Label string
}

// Desk says whether agents are there.
type Desk struct {
	Status DeskStatus
	// Reopens is when a closed desk opens again; the zero time where that is not known.
	Reopens time.Time
}

// DeskStatus is whether agents are there.
type DeskStatus uint8

const (
	// DeskOpen means that someone can take a conversation over.
	DeskOpen DeskStatus = iota
	// DeskClosed means that nobody is there now.
	DeskClosed
	// DeskNone means that no desk is configured: a handoff will fail.
	DeskNone
)
