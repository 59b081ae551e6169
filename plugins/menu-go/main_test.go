package main

import (
	"testing"

	"turnwise.dev/plugin/plugintest"
)

func TestTranscripts(t *testing.T) {
	plugintest.RunFolder(t, Menu{}, "tests")
}
