// Package export_turnwise_bot_manifest is what the component's `describe` calls.
package export_turnwise_bot_manifest

import (
	"turnwise.dev/plugin"
	"turnwise.dev/plugin/guest/convert"
	"turnwise.dev/plugin/guest/imports/turnwise_bot_manifest"
)

// Name is the plugin's unless its manifest has one.
var Name string

// Describe says what the plugin says of itself.
func Describe() turnwise_bot_manifest.Description {
	manifest := plugin.Running().Manifest()
	if manifest.Name == "" {
		manifest.Name = Name
	}
	return turnwise_bot_manifest.Description{
		Name:         convert.Text(manifest.Name),
		Version:      convert.Text(manifest.Version),
		StateVersion: manifest.StateVersion,
		Steps:        convert.Texts(manifest.Steps),
		Connections:  convert.Texts(manifest.Connections),
		Campaigns:    convert.Texts(manifest.Campaigns),
		Handles:      convert.Texts(manifest.Handles),
	}
}
