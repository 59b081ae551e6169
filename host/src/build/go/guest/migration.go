// Package export_turnwise_bot_migration is what the component's `migrate` calls.
package export_turnwise_bot_migration

import (
	"turnwise.dev/plugin"
	"turnwise.dev/plugin/guest/convert"
	wit "turnwise.dev/plugin/guest/imports/turnwise_bot_types"
	"turnwise.dev/plugin/guest/wit/types"
)

// Migrate makes an older version's state readable.
func Migrate(state string, from uint32) types.Result[string, wit.Error] {
	migrated, failure := plugin.Running().Migrate(state, from)
	if failure != nil {
		return types.Err[string](convert.Failure(failure))
	}
	return types.Ok[string, wit.Error](convert.Text(migrated))
}
