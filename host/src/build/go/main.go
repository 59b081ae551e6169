package main

import (
	manifest "turnwise.dev/plugin/guest/exports/export_turnwise_bot_manifest"
	_ "turnwise.dev/plugin/guest/exports/wit_exports"
)

// A component has no main that is run: what it does is done when the instance starts.
func init() {
	manifest.Name = pluginName
	main()
}
