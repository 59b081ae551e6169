package plugin

import (
	"math"
	"time"

	"turnwise.dev/plugin/internal/wire"
)

// Reply says something to the user: not empty, at most 4096 characters. The builder it returns says more about it.
func (t *Turn[S]) Reply(text string) *Reply {
	reply := &wire.Reply{Text: text, Choices: []wire.Choice{}, Properties: []wire.NamedJSON{}}
	t.effect(reply)
	return &Reply{reply, &t.failure}
}

// SendCampaign triggers another campaign for the user, named as in the configuration.
func (t *Turn[S]) SendCampaign(name string) *Campaign {
	campaign := &wire.SendCampaign{Campaign: wire.Campaign{Name: name, Properties: []wire.NamedJSON{}}}
	t.effect(campaign)
	return &Campaign{&campaign.Campaign, &t.failure}
}

// SendCanvas enters the user into a Canvas, named as in the configuration.
func (t *Turn[S]) SendCanvas(name string) *Campaign {
	canvas := &wire.SendCanvas{Campaign: wire.Campaign{Name: name, Properties: []wire.NamedJSON{}}}
	t.effect(canvas)
	return &Campaign{&canvas.Campaign, &t.failure}
}

// SetAttribute sets a custom attribute of the user's Braze profile.
func (t *Turn[S]) SetAttribute(name string, value any) {
	t.effect(&wire.ChangeAttribute{Kind: wire.AttributeSet, Name: name, Text: t.json(value)})
}

// UnsetAttribute removes a custom attribute.
func (t *Turn[S]) UnsetAttribute(name string) {
	t.effect(&wire.ChangeAttribute{Kind: wire.AttributeUnset, Name: name})
}

// IncrementAttribute adds to a number. Not tried again where it is unknown whether Braze did it.
func (t *Turn[S]) IncrementAttribute(name string, by int32) {
	t.effect(&wire.ChangeAttribute{Kind: wire.AttributeIncrement, Name: name, By: by})
}

// AddToAttribute adds a text to an array of texts.
func (t *Turn[S]) AddToAttribute(name, text string) {
	t.effect(&wire.ChangeAttribute{Kind: wire.AttributeAdd, Name: name, Text: text})
}

// RemoveFromAttribute removes a text from an array of texts.
func (t *Turn[S]) RemoveFromAttribute(name, text string) {
	t.effect(&wire.ChangeAttribute{Kind: wire.AttributeRemove, Name: name, Text: text})
}

// TrackEvent records a custom event on the user's Braze profile, with properties such as map[string]any{"plan": "gold"}
// or nil.
func (t *Turn[S]) TrackEvent(name string, properties any) {
	t.effect(&wire.TrackEvent{Name: name, Value: t.json(properties)})
}

// StartTimer asks to be called again after this time (rounded up to seconds). A timer of the same name is replaced.
func (t *Turn[S]) StartTimer(name string, delay time.Duration) *Timer {
	timer := &wire.Timer{Name: name, Delay: wholeSeconds(delay), Payload: "null"}
	t.effect(timer)
	return &Timer{timer, &t.failure}
}

// CancelTimer cancels a timer; one that is not there is fine.
func (t *Turn[S]) CancelTimer(name string) { t.effect(wire.CancelTimer(name)) }

// Request calls another system through a connection of the configuration, with path and query below its base URL. The
// answer is a later turn's [ResponseHandler].
//
// It is a GET with the connection's name as id and a timeout of ten seconds, unless the builder says otherwise.
func (t *Turn[S]) Request(connection, path string) *Request {
	request := &wire.Request{
		ID: connection, Connection: connection, Method: "GET", Path: path, Headers: [][2]string{}, Timeout: 10,
	}
	t.effect(request)
	return &Request{request, &t.failure}
}

// Handoff asks for a human to take over; the reason is a word or two, and counted.
func (t *Turn[S]) Handoff(reason string) *Handoff {
	handoff := &wire.Handoff{Reason: reason, Priority: wire.Priority(PriorityNormal)}
	t.effect(handoff)
	return &Handoff{handoff}
}

// Note leaves a note that only the agent sees.
func (t *Turn[S]) Note(text string) { t.effect(wire.Note(text)) }

// SwitchBot passes the conversation to another bot, with a payload for it or nil.
func (t *Turn[S]) SwitchBot(bot string, payload any) {
	t.effect(&wire.SwitchBot{Name: bot, Value: t.json(payload)})
}

// EndSession ends the session, with the outcome to count, e.g. "solved".
func (t *Turn[S]) EndSession(outcome string) { t.effect(wire.EndSession(outcome)) }

// Custom asks for an effect that this version of the contract has no name for.
func (t *Turn[S]) Custom(name string, value any) {
	t.effect(&wire.Custom{Name: name, Value: t.json(value)})
}

func (t *Turn[S]) effect(effect wire.Effect) { t.effects = append(t.effects, effect) }

// Reply says more about a reply.
type Reply struct {
	reply   *wire.Reply
	failure *error
}

// Choice offers something to tap: up to 3 become buttons (titles of at most 20 characters), up to 10 a list (24).
func (r *Reply) Choice(id, title string) *Reply {
	r.reply.Choices = append(r.reply.Choices, wire.Choice{ID: id, Title: title})
	return r
}

// ChoiceDescribed offers a row of a list with a second line of at most 72 characters.
func (r *Reply) ChoiceDescribed(id, title, description string) *Reply {
	r.reply.Choices = append(r.reply.Choices, wire.Choice{ID: id, Title: title, Description: &description})
	return r
}

// Media attaches a file, e.g. of type "image/jpeg".
func (r *Reply) Media(url, mimeType string) *Reply {
	r.reply.Media = &wire.Media{URL: url, MIMEType: &mimeType}
	return r
}

// Campaign sends it through this campaign of the configuration instead of the source's reply campaign.
func (r *Reply) Campaign(name string) *Reply {
	r.reply.Campaign = &name
	return r
}

// Property adds a trigger property for the campaign's template.
func (r *Reply) Property(name string, value any) *Reply {
	r.reply.Properties = append(r.reply.Properties, wire.NamedJSON{Name: name, Value: write(r.failure, value)})
	return r
}

// Campaign says more about a campaign or Canvas.
type Campaign struct {
	campaign *wire.Campaign
	failure  *error
}

// Property adds a trigger property.
func (c *Campaign) Property(name string, value any) *Campaign {
	c.campaign.Properties = append(c.campaign.Properties, wire.NamedJSON{Name: name, Value: write(c.failure, value)})
	return c
}

// Timer says more about a timer.
type Timer struct {
	timer   *wire.Timer
	failure *error
}

// Payload is handed back when it fires.
func (t *Timer) Payload(value any) *Timer {
	t.timer.Payload = write(t.failure, value)
	return t
}

// CancelOnMessage drops it by itself when the user writes before it fires.
func (t *Timer) CancelOnMessage() *Timer {
	t.timer.CancelOnMessage = true
	return t
}

// Request says more about a request.
type Request struct {
	request *wire.Request
	failure *error
}

// ID names it; the response carries the name. For telling apart several requests on one connection.
func (r *Request) ID(id string) *Request {
	r.request.ID = id
	return r
}

// Method is e.g. "POST".
func (r *Request) Method(method string) *Request {
	r.request.Method = method
	return r
}

// Header adds a header beside those of the connection.
func (r *Request) Header(name, value string) *Request {
	r.request.Headers = append(r.request.Headers, [2]string{name, value})
	return r
}

// Body sends this text.
func (r *Request) Body(text string) *Request {
	r.request.Body = &text
	return r
}

// JSON sends this as JSON, by POST unless Method is called after it.
func (r *Request) JSON(value any) *Request {
	return r.Method("POST").Header("content-type", "application/json").Body(write(r.failure, value))
}

// TimeoutSeconds gives up after this many seconds; the connection's own limit holds where it is shorter.
func (r *Request) TimeoutSeconds(seconds uint32) *Request {
	r.request.Timeout = seconds
	return r
}

// WhileWaiting says what a message does that arrives before the response; by default it is a turn of its own, at once.
func (r *Request) WhileWaiting(what WhileWaiting) *Request {
	r.request.WhileWaiting = wire.WhileWaiting(what)
	return r
}

// WhileWaiting is what a message does that arrives before the response.
type WhileWaiting uint8

const (
	// WaitDeliver makes it a turn of its own, at once.
	WaitDeliver WhileWaiting = iota
	// WaitHold keeps it for the response's turn to come first.
	WaitHold
	// WaitCancel gives the request up: its response never comes, and the message is delivered.
	WaitCancel
)

// Handoff says more about a handoff.
type Handoff struct{ handoff *wire.Handoff }

// Summary is one line the agent reads first.
func (h *Handoff) Summary(text string) *Handoff {
	h.handoff.Summary = text
	return h
}

// Notice is said to the user while they wait.
func (h *Handoff) Notice(text string) *Handoff {
	h.handoff.Notice = &text
	return h
}

// Team is who should take it, as named at the desk.
func (h *Handoff) Team(name string) *Handoff {
	h.handoff.Team = &name
	return h
}

// Priority is how urgent it is.
func (h *Handoff) Priority(priority Priority) *Handoff {
	h.handoff.Priority = wire.Priority(priority)
	return h
}

// Priority is how urgent a handoff is.
type Priority uint8

const (
	// PriorityLow is for when there is time.
	PriorityLow Priority = iota
	// PriorityNormal is in order of arrival.
	PriorityNormal
	// PriorityHigh is before others.
	PriorityHigh
	// PriorityUrgent is at once.
	PriorityUrgent
)

func wholeSeconds(delay time.Duration) uint32 {
	// Written without rounding up by addition, which the longest durations would overflow.
	seconds := int64(delay / time.Second)
	if delay%time.Second > 0 {
		seconds++
	}
	return uint32(min(max(seconds, 0), math.MaxUint32))
}
