// Package export_turnwise_bot_bot is what the component's `handle` calls.
package export_turnwise_bot_bot

import (
	"turnwise.dev/plugin"
	"turnwise.dev/plugin/guest/convert"
	"turnwise.dev/plugin/guest/imports/turnwise_bot_log"
	wit "turnwise.dev/plugin/guest/imports/turnwise_bot_types"
	"turnwise.dev/plugin/guest/wit/types"
	"turnwise.dev/plugin/internal/sink"
)

func init() {
	sink.Write = func(level sink.Level, line string) { turnwise_bot_log.Write(uint8(level), convert.Text(line)) }
}

// Handle takes one turn.
func Handle(context wit.Context, state types.Option[string], event wit.Event) types.Result[wit.Decision, wit.Error] {
	decision, failure := plugin.Running().Handle(convert.Context(&context), convert.Optional(state), convert.Event(event))
	if failure != nil {
		return types.Err[wit.Decision](convert.Failure(failure))
	}
	return types.Ok[wit.Decision, wit.Error](convert.Decision(decision))
}
