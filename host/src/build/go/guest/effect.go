// Package convert is between the bindings' types and the SDK's.
package convert

import (
	"strings"

	wit "turnwise.dev/plugin/guest/imports/turnwise_bot_types"
	"turnwise.dev/plugin/guest/wit/types"
	"turnwise.dev/plugin/internal/wire"
)

// Decision is what a turn ends with.
func Decision(decision *wire.Decision) wit.Decision {
	effects := make([]wit.Effect, len(decision.Effects))
	for i, one := range decision.Effects {
		effects[i] = effect(one)
	}
	return wit.Decision{State: nextState(decision.State), Effects: effects, Step: optional(decision.Step)}
}

// Failure is why there is no decision.
func Failure(failure *wire.Failure) wit.Error {
	if failure.BadState {
		return wit.MakeErrorBadState(Text(failure.Message))
	}
	return wit.MakeErrorOther(Text(failure.Message))
}

// Text is UTF-8, which a Go string need not be: whatever is not becomes the replacement character.
func Text(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// Texts are all UTF-8.
func Texts(texts []string) []string {
	valid := make([]string, len(texts))
	for i, text := range texts {
		valid[i] = Text(text)
	}
	return valid
}

func nextState(state wire.NextState) wit.NextState {
	switch state.Kind {
	case wire.Replace:
		return wit.MakeNextStateReplace(Text(state.Text))
	case wire.Clear:
		return wit.MakeNextStateClear()
	default:
		return wit.MakeNextStateKeep()
	}
}

func effect(effect wire.Effect) wit.Effect {
	switch effect := effect.(type) {
	case *wire.Reply:
		return wit.MakeEffectReply(reply(effect))
	case *wire.SendCampaign:
		return wit.MakeEffectSendCampaign(campaign(&effect.Campaign))
	case *wire.SendCanvas:
		return wit.MakeEffectSendCanvas(campaign(&effect.Campaign))
	case *wire.ChangeAttribute:
		return wit.MakeEffectChangeAttribute(attribute(effect))
	case *wire.TrackEvent:
		return wit.MakeEffectTrackEvent(named(wire.NamedJSON(*effect)))
	case *wire.Timer:
		return wit.MakeEffectStartTimer(wit.Timer{
			Name:            Text(effect.Name),
			Delay:           effect.Delay,
			Payload:         Text(effect.Payload),
			CancelOnMessage: effect.CancelOnMessage,
		})
	case wire.CancelTimer:
		return wit.MakeEffectCancelTimer(Text(string(effect)))
	case *wire.Request:
		return wit.MakeEffectRequest(request(effect))
	case *wire.Handoff:
		return wit.MakeEffectHandoff(wit.Handoff{
			Reason:   Text(effect.Reason),
			Summary:  Text(effect.Summary),
			Team:     optional(effect.Team),
			Priority: min(uint8(effect.Priority), wit.Priority_Urgent),
			Notice:   optional(effect.Notice),
		})
	case wire.Note:
		return wit.MakeEffectNote(Text(string(effect)))
	case *wire.SwitchBot:
		return wit.MakeEffectSwitchBot(named(wire.NamedJSON(*effect)))
	case wire.EndSession:
		return wit.MakeEffectEndSession(Text(string(effect)))
	case *wire.Custom:
		return wit.MakeEffectCustom(named(wire.NamedJSON(*effect)))
	}
	panic("an effect that the contract does not have")
}

func reply(reply *wire.Reply) wit.Reply {
	choices := make([]wit.Choice, len(reply.Choices))
	for i, choice := range reply.Choices {
		choices[i] = wit.Choice{
			Id:          Text(choice.ID),
			Title:       Text(choice.Title),
			Description: optional(choice.Description),
		}
	}
	media := types.None[wit.Media]()
	if reply.Media != nil {
		media = types.Some(wit.Media{Url: Text(reply.Media.URL), MimeType: optional(reply.Media.MIMEType)})
	}
	return wit.Reply{
		Text:       Text(reply.Text),
		Choices:    choices,
		Media:      media,
		Campaign:   optional(reply.Campaign),
		Properties: properties(reply.Properties),
	}
}

func campaign(campaign *wire.Campaign) wit.Campaign {
	return wit.Campaign{Name: Text(campaign.Name), Properties: properties(campaign.Properties)}
}

func attribute(change *wire.ChangeAttribute) wit.AttributeChange {
	name := Text(change.Name)
	pair := types.Tuple2[string, string]{F0: name, F1: Text(change.Text)}
	switch change.Kind {
	case wire.AttributeSet:
		return wit.MakeAttributeChangeSet(wit.NamedJson{Name: name, Value: pair.F1})
	case wire.AttributeUnset:
		return wit.MakeAttributeChangeUnset(name)
	case wire.AttributeIncrement:
		return wit.MakeAttributeChangeIncrement(types.Tuple2[string, int32]{F0: name, F1: change.By})
	case wire.AttributeAdd:
		return wit.MakeAttributeChangeAdd(pair)
	default:
		return wit.MakeAttributeChangeRemove(pair)
	}
}

func request(request *wire.Request) wit.Request {
	headers := make([]types.Tuple2[string, string], len(request.Headers))
	for i, header := range request.Headers {
		headers[i] = types.Tuple2[string, string]{F0: Text(header[0]), F1: Text(header[1])}
	}
	return wit.Request{
		Id:           Text(request.ID),
		Connection:   Text(request.Connection),
		Method:       Text(request.Method),
		Path:         Text(request.Path),
		Headers:      headers,
		Body:         optional(request.Body),
		Timeout:      request.Timeout,
		WhileWaiting: min(uint8(request.WhileWaiting), wit.WhileWaiting_Cancel),
	}
}

func properties(properties []wire.NamedJSON) []wit.NamedJson {
	converted := make([]wit.NamedJson, len(properties))
	for i, property := range properties {
		converted[i] = named(property)
	}
	return converted
}

func named(value wire.NamedJSON) wit.NamedJson {
	return wit.NamedJson{Name: Text(value.Name), Value: Text(value.Value)}
}

func optional(text *string) types.Option[string] {
	if text == nil {
		return types.None[string]()
	}
	return types.Some(Text(*text))
}
