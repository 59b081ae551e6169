package main

import (
	turnwisePlugin "turnwise.dev/plugin"
	turnwiseManifest "turnwise.dev/plugin/guest/exports/export_turnwise_bot_manifest"
	_ "turnwise.dev/plugin/guest/exports/wit_exports"
)

// Nobody calls the main of a component: what it does is done when an instance starts.
func init() {
	turnwiseManifest.Name = turnwisePluginName
	main()
	if turnwisePlugin.Running() == nil {
		panic("main does not call plugin.Run")
	}
}
