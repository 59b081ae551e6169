package convert

import (
	"time"

	"turnwise.dev/plugin"
	wit "turnwise.dev/plugin/guest/imports/turnwise_bot_types"
	"turnwise.dev/plugin/guest/wit/types"
)

// Context is what a turn may know.
func Context(context *wit.Context) *plugin.Context {
	return &plugin.Context{
		Conversation: context.Conversation,
		Session:      context.Session,
		Turn:         context.Turn,
		User: plugin.User{
			ExternalID:  context.User.ExternalId.Some(),
			Alias:       alias(context.User.Alias),
			Phone:       context.User.Phone.Some(),
			Language:    context.User.Language.Some(),
			ProfileName: context.User.ProfileName.Some(),
		},
		Source:   context.Source,
		Now:      moment(context.Now),
		Seed:     context.Seed,
		Settings: values(context.Settings),
		Fields:   values(context.Fields),
		Desk:     desk(context.Desk),
	}
}

// Event is what a turn is about.
func Event(event wit.Event) plugin.Event {
	switch event.Tag() {
	case wit.Event_Message:
		return message(event.Message())
	case wit.Event_Burst:
		burst := make(plugin.Burst, 0, len(event.Burst()))
		for _, one := range event.Burst() {
			burst = append(burst, message(one))
		}
		return burst
	case wit.Event_Timer:
		timer := event.Timer()
		return &plugin.TimerFired{Name: timer.Name, Payload: timer.Payload, Due: moment(timer.Due)}
	case wit.Event_Response:
		return response(event.Response())
	case wit.Event_DeliveryFailed:
		failure := plugin.DeliveryFailure(event.DeliveryFailed())
		return &failure
	case wit.Event_Handoff:
		return handoff(event.Handoff())
	case wit.Event_SessionExpired:
		return plugin.SessionExpired{Idle: time.Duration(event.SessionExpired()) * time.Second}
	case wit.Event_Switched:
		switched := plugin.Switched(event.Switched())
		return &switched
	case wit.Event_External:
		external := plugin.External(event.External())
		return &external
	}
	panic("an event that the contract does not have")
}

// Optional is nil for none.
func Optional(text types.Option[string]) *string {
	if text.Tag() == types.OptionNone {
		return nil
	}
	value := text.Some()
	return &value
}

func message(message wit.Message) *plugin.Message {
	media := make([]plugin.Media, len(message.Media))
	for i, file := range message.Media {
		media[i] = plugin.Media{URL: file.Url, MIMEType: file.MimeType.Some()}
	}
	return &plugin.Message{
		ID:           message.Id,
		Text:         message.Text,
		Media:        media,
		ChoiceID:     message.Choice.Some(),
		FlowResponse: message.FlowResponse.Some(),
		Received:     moment(message.Received),
	}
}

func response(response wit.Response) *plugin.Response {
	if response.Outcome.Tag() == types.ResultErr {
		return &plugin.Response{ID: response.Id, Err: requestError(response.Outcome.Err())}
	}
	http := response.Outcome.Ok()
	headers := make([]plugin.Header, len(http.Headers))
	for i, header := range http.Headers {
		headers[i] = plugin.Header{Name: header.F0, Value: header.F1}
	}
	return &plugin.Response{
		ID:   response.Id,
		HTTP: &plugin.HTTPResponse{Status: int(http.Status), Headers: headers, Body: http.Body},
	}
}

func requestError(failure wit.RequestError) *plugin.RequestError {
	switch failure.Tag() {
	case wit.RequestError_Denied:
		return &plugin.RequestError{Kind: plugin.RequestDenied, Detail: failure.Denied()}
	case wit.RequestError_Timeout:
		return &plugin.RequestError{Kind: plugin.RequestTimeout}
	case wit.RequestError_Unreachable:
		return &plugin.RequestError{Kind: plugin.RequestUnreachable, Detail: failure.Unreachable()}
	case wit.RequestError_TooLarge:
		return &plugin.RequestError{Kind: plugin.RequestTooLarge}
	default:
		return &plugin.RequestError{Kind: plugin.RequestOther, Detail: failure.Other()}
	}
}

func handoff(update wit.HandoffUpdate) plugin.HandoffUpdate {
	switch update.Tag() {
	case wit.HandoffUpdate_Failed:
		return plugin.HandoffFailed{Reason: update.Failed()}
	case wit.HandoffUpdate_Accepted:
		return plugin.HandoffAccepted{Agent: update.Accepted().Some()}
	default:
		returned := update.Returned()
		transcript := make([]plugin.TranscriptLine, len(returned.Transcript))
		for i, line := range returned.Transcript {
			transcript[i] = plugin.TranscriptLine{At: moment(line.At), Author: plugin.Author(line.Author), Text: line.Text}
		}
		return plugin.HandoffReturned{Agent: returned.Agent.Some(), Note: returned.Note.Some(), Transcript: transcript}
	}
}

func desk(desk wit.DeskStatus) plugin.Desk {
	switch desk.Tag() {
	case wit.DeskStatus_Open:
		return plugin.Desk{Status: plugin.DeskOpen}
	case wit.DeskStatus_Closed:
		closed := plugin.Desk{Status: plugin.DeskClosed}
		if reopens := desk.Closed(); reopens.Tag() == types.OptionSome {
			closed.Reopens = moment(reopens.Some())
		}
		return closed
	default:
		return plugin.Desk{Status: plugin.DeskNone}
	}
}

func alias(alias types.Option[wit.UserAlias]) *plugin.UserAlias {
	if alias.Tag() == types.OptionNone {
		return nil
	}
	known := plugin.UserAlias(alias.Some())
	return &known
}

func values(values []wit.NamedJson) []plugin.NamedJSON {
	converted := make([]plugin.NamedJSON, len(values))
	for i, value := range values {
		converted[i] = plugin.NamedJSON(value)
	}
	return converted
}

func moment(milliseconds uint64) time.Time { return time.UnixMilli(int64(milliseconds)).UTC() }
