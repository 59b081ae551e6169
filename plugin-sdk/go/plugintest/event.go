package plugintest

import (
	"encoding/json"
	"fmt"
	"time"

	"turnwise.dev/plugin"
)

// tagged is a variant: a tag and what belongs to it.
type tagged struct {
	Tag string          `json:"tag"`
	Val json.RawMessage `json:"val"`
}

// milliseconds since 1970.
type milliseconds int64

func (m milliseconds) time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// eventContext is a context; what is null stays empty.
type eventContext struct {
	Conversation string `json:"conversation"`
	Session      uint32 `json:"session"`
	Turn         uint32 `json:"turn"`
	User         struct {
		ExternalID  string            `json:"externalId"`
		Alias       *plugin.UserAlias `json:"alias"`
		Phone       string            `json:"phone"`
		Language    string            `json:"language"`
		ProfileName string            `json:"profileName"`
	} `json:"user"`
	Source   string             `json:"source"`
	Now      milliseconds       `json:"now"`
	Seed     uint32             `json:"seed"`
	Settings []plugin.NamedJSON `json:"settings"`
	Fields   []plugin.NamedJSON `json:"fields"`
	Desk     tagged             `json:"desk"`
}

func (c *eventContext) context() *plugin.Context {
	desk := plugin.Desk{Status: plugin.DeskNone}
	switch c.Desk.Tag {
	case "open":
		desk.Status = plugin.DeskOpen
	case "closed":
		desk.Status = plugin.DeskClosed
		var reopens *milliseconds
		if json.Unmarshal(c.Desk.Val, &reopens) == nil && reopens != nil {
			desk.Reopens = reopens.time()
		}
	}
	return &plugin.Context{
		Conversation: c.Conversation,
		Session:      c.Session,
		Turn:         c.Turn,
		User:         plugin.User(c.User),
		Source:       c.Source,
		Now:          c.Now.time(),
		Seed:         c.Seed,
		Settings:     c.Settings,
		Fields:       c.Fields,
		Desk:         desk,
	}
}

func (t tagged) event() (plugin.Event, error) {
	switch t.Tag {
	case "message":
		message, err := decode[message](t)
		return message.message(), err
	case "burst":
		messages, err := decode[[]message](t)
		burst := make(plugin.Burst, len(messages))
		for i, message := range messages {
			burst[i] = message.message()
		}
		return burst, err
	case "timer":
		timer, err := decode[struct {
			Name    string       `json:"name"`
			Payload string       `json:"payload"`
			Due     milliseconds `json:"due"`
		}](t)
		return &plugin.TimerFired{Name: timer.Name, Payload: timer.Payload, Due: timer.Due.time()}, err
	case "response":
		return response(t)
	case "delivery-failed":
		failure, err := decode[plugin.DeliveryFailure](t)
		return &failure, err
	case "handoff":
		update, err := decode[tagged](t)
		if err != nil {
			return nil, err
		}
		return update.handoff()
	case "session-expired":
		seconds, err := decode[uint32](t)
		return plugin.SessionExpired{Idle: time.Duration(seconds) * time.Second}, err
	case "switched":
		switched, err := decode[plugin.Switched](t)
		return &switched, err
	case "external":
		external, err := decode[plugin.External](t)
		return &external, err
	}
	return nil, fmt.Errorf("there is no event %q", t.Tag)
}

type message struct {
	ID           string         `json:"id"`
	Text         string         `json:"text"`
	Media        []plugin.Media `json:"media"`
	Choice       string         `json:"choice"`
	FlowResponse string         `json:"flowResponse"`
	Received     milliseconds   `json:"received"`
}

func (m *message) message() *plugin.Message {
	return &plugin.Message{
		ID:           m.ID,
		Text:         m.Text,
		Media:        m.Media,
		ChoiceID:     m.Choice,
		FlowResponse: m.FlowResponse,
		Received:     m.Received.time(),
	}
}

func response(t tagged) (plugin.Event, error) {
	answer, err := decode[struct {
		ID      string `json:"id"`
		Outcome tagged `json:"outcome"`
	}](t)
	if err != nil {
		return nil, err
	}
	response := &plugin.Response{ID: answer.ID}
	if answer.Outcome.Tag == "ok" {
		http, err := decode[struct {
			Status  int         `json:"status"`
			Headers [][2]string `json:"headers"`
			Body    string      `json:"body"`
		}](answer.Outcome)
		response.HTTP = &plugin.HTTPResponse{Status: http.Status, Body: http.Body}
		for _, header := range http.Headers {
			response.HTTP.Headers = append(response.HTTP.Headers, plugin.Header{Name: header[0], Value: header[1]})
		}
		return response, err
	}
	reason, err := decode[tagged](answer.Outcome)
	if err != nil {
		return nil, err
	}
	kinds := map[string]plugin.RequestErrorKind{
		"denied": plugin.RequestDenied, "timeout": plugin.RequestTimeout, "unreachable": plugin.RequestUnreachable,
		"too-large": plugin.RequestTooLarge, "other": plugin.RequestOther,
	}
	failure := &plugin.RequestError{Kind: kinds[reason.Tag]}
	if reason.Val != nil {
		failure.Detail, err = decode[string](reason)
	}
	response.Err = failure
	return response, err
}

func (t tagged) handoff() (plugin.Event, error) {
	switch t.Tag {
	case "failed":
		reason, err := decode[string](t)
		return plugin.HandoffFailed{Reason: reason}, err
	case "accepted":
		agent, err := decode[string](t)
		return plugin.HandoffAccepted{Agent: agent}, err
	case "returned":
		returned, err := decode[struct {
			Agent      string `json:"agent"`
			Note       string `json:"note"`
			Transcript []struct {
				At     milliseconds `json:"at"`
				Author string       `json:"author"`
				Text   string       `json:"text"`
			} `json:"transcript"`
		}](t)
		authors := map[string]plugin.Author{
			"user": plugin.AuthorUser, "bot": plugin.AuthorBot, "agent": plugin.AuthorAgent,
		}
		update := plugin.HandoffReturned{Agent: returned.Agent, Note: returned.Note}
		for _, line := range returned.Transcript {
			said := plugin.TranscriptLine{At: line.At.time(), Author: authors[line.Author], Text: line.Text}
			update.Transcript = append(update.Transcript, said)
		}
		return update, err
	}
	return nil, fmt.Errorf("there is no handoff update %q", t.Tag)
}

// decode reads what belongs to a tag; what is null becomes the zero value.
func decode[T any](t tagged) (T, error) {
	var value T
	if err := json.Unmarshal(t.Val, &value); err != nil {
		return value, fmt.Errorf("%s: %w", t.Tag, err)
	}
	return value, nil
}
