package plugin

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Event is what a turn is about: one of *[Message], [Burst], *[TimerFired], *[Response], *[DeliveryFailure], a
// [HandoffUpdate], [SessionExpired], *[Switched], *[External].
type Event interface{ event() }

// Message is one message of the user.
type Message struct {
	// ID is the one that the webhook was answered with.
	ID string
	// Text is as typed; empty where the message is only media or a flow's answer.
	Text string
	// Media are its attachments; their URLs are valid for seven days.
	Media []Media
	// ChoiceID is the id of the choice last offered whose title the text matches; empty where there is none.
	ChoiceID string
	// FlowResponse is the answer of a WhatsApp Flow, as JSON; empty where there is none.
	FlowResponse string
	// Received is when the webhook arrived.
	Received time.Time
}

// Says reports whether the user typed exactly this, whatever the case and the space around it.
func (m *Message) Says(text string) bool {
	return strings.ToLower(strings.TrimSpace(m.Text)) == strings.ToLower(text)
}

// Chose reports whether the user tapped (or typed the title of) the choice with this id.
func (m *Message) Chose(id string) bool {
	return id != "" && m.ChoiceID == id
}

// IsWordless reports whether there is no text to read: only media, a flow's answer, or nothing.
func (m *Message) IsWordless() bool {
	return strings.TrimSpace(m.Text) == ""
}

// Media is a file, by reference.
type Media struct {
	// URL is where it can be fetched.
	URL string
	// MIMEType is e.g. "image/jpeg"; empty where it is not known.
	MIMEType string
}

// Burst is several messages that came together, oldest first.
type Burst []*Message

// TimerFired is a timer that came due.
type TimerFired struct {
	// Name is as it was started.
	Name string
	// Payload is JSON, as it was started.
	Payload string
	// Due is when it should have fired; after downtime this may be long ago.
	Due time.Time
}

// Read reads the payload as it was given to [Timer.Payload], like [json.Unmarshal].
func (t *TimerFired) Read(into any) error {
	return read(t.Payload, t.Name, into)
}

// Response is the answer to a request.
type Response struct {
	// ID is the request's.
	ID string
	// HTTP is what came back; nil where nothing did.
	HTTP *HTTPResponse
	// Err is why nothing came back: a *[RequestError], or nil.
	Err error
}

// HTTPResponse is an HTTP response of any status.
type HTTPResponse struct {
	// Status is e.g. 200.
	Status int
	// Headers are in order of arrival, their names in lower case.
	Headers []Header
	// Body is text.
	Body string
}

// Header is a header of a request or a response.
type Header struct{ Name, Value string }

// IsSuccess reports whether the status is 200 to 299.
func (r *HTTPResponse) IsSuccess() bool {
	return r.Status >= 200 && r.Status < 300
}

// Read reads the body as JSON, like [json.Unmarshal].
func (r *HTTPResponse) Read(into any) error {
	return read(r.Body, "the response's body", into)
}

// RequestError is why a request has no response.
type RequestError struct {
	Kind RequestErrorKind
	// Detail is for people; empty for RequestTimeout and RequestTooLarge.
	Detail string
}

// RequestErrorKind tells the reasons apart.
type RequestErrorKind uint8

const (
	// RequestDenied: no such connection, or the plugin has no grant for it.
	RequestDenied RequestErrorKind = iota
	// RequestTimeout: the request's timeout passed.
	RequestTimeout
	// RequestUnreachable: no connection, or it broke.
	RequestUnreachable
	// RequestTooLarge: the response is over the connection's limit.
	RequestTooLarge
	// RequestOther: anything else.
	RequestOther
)

// Error says why, for people.
func (e *RequestError) Error() string {
	kinds := [...]string{"denied", "timeout", "unreachable", "too large", "failed"}
	kind := "failed"
	if int(e.Kind) < len(kinds) {
		kind = kinds[e.Kind]
	}
	if e.Detail == "" {
		return kind
	}
	return kind + ": " + e.Detail
}

// DeliveryFailure is something an earlier turn asked for that did not reach Braze.
type DeliveryFailure struct {
	// Turn is the number of the turn that asked for it.
	Turn uint32
	// Campaign is named as in the configuration.
	Campaign string
	// Reason is for people.
	Reason string
	// Ambiguous is true where Braze may have sent it all the same.
	Ambiguous bool
}

// HandoffUpdate is how a handoff goes on: [HandoffFailed], [HandoffAccepted] or [HandoffReturned].
type HandoffUpdate interface {
	Event
	handoffUpdate()
}

// HandoffFailed says that nobody took it: no desk, desk closed, deadline passed, declined, unreachable.
type HandoffFailed struct{ Reason string }

// HandoffAccepted says that an agent took it; the bot hears nothing until HandoffReturned.
type HandoffAccepted struct {
	// Agent is the name; empty where it is not known.
	Agent string
}

// HandoffReturned says that the agent gave the conversation back; the bot may speak at once.
type HandoffReturned struct {
	// Agent is the name; empty where it is not known.
	Agent string
	// Note is for the bot, e.g. "refunded"; empty where there is none.
	Note string
	// Transcript is what was said meanwhile.
	Transcript []TranscriptLine
}

// TranscriptLine is one line of a conversation between people.
type TranscriptLine struct {
	At     time.Time
	Author Author
	Text   string
}

// Author is who said a line.
type Author uint8

const (
	// AuthorUser is the person on WhatsApp.
	AuthorUser Author = iota
	// AuthorBot is a plugin.
	AuthorBot
	// AuthorAgent is a person at the desk.
	AuthorAgent
)

// SessionExpired is the end of a session by idling.
type SessionExpired struct{ Idle time.Duration }

// Switched is another bot passing the conversation here: its name and payload.
type Switched NamedJSON

// External is an event that another system pushed in.
type External NamedJSON

// NamedJSON is a name with JSON text: a setting, a field, an event's payload.
type NamedJSON struct {
	Name  string
	Value string
}

// Read reads the value, like [json.Unmarshal].
func (n *NamedJSON) Read(into any) error {
	return read(n.Value, n.Name, into)
}

func (*Message) event()         {}
func (Burst) event()            {}
func (*TimerFired) event()      {}
func (*Response) event()        {}
func (*DeliveryFailure) event() {}
func (HandoffFailed) event()    {}
func (HandoffAccepted) event()  {}
func (HandoffReturned) event()  {}
func (SessionExpired) event()   {}
func (*Switched) event()        {}
func (*External) event()        {}

func (HandoffFailed) handoffUpdate()   {}
func (HandoffAccepted) handoffUpdate() {}
func (HandoffReturned) handoffUpdate() {}

// read reads JSON text, naming what it is in the error. Where [json.Unmarshal] would pass over a null that the type cannot
// hold, and so take it for a value that is not there, it is an error like any other value of a wrong type.
func read(text, what string, into any) error {
	if strings.TrimSpace(text) == "null" && !holdsNull(into) {
		return fmt.Errorf("%s: a null is no %T", what, reflect.ValueOf(into).Elem().Interface())
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func holdsNull(into any) bool {
	pointer := reflect.ValueOf(into)
	if pointer.Kind() != reflect.Pointer || pointer.IsNil() {
		return true // What is wrong with it, Unmarshal says.
	}
	if _, reads := into.(json.Unmarshaler); reads {
		return true
	}
	switch pointer.Elem().Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice:
		return true
	}
	return false
}
