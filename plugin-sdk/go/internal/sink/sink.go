// Package sink is where log lines go: the turn's log in a component, stderr in a test.
package sink

import (
	"fmt"
	"os"
)

// Level is numbered as in the contract.
type Level uint8

const (
	Debug Level = iota
	Info
	Warn
	Error
)

// Write writes one line. A component's build replaces it.
var Write = func(level Level, line string) {
	fmt.Fprintln(os.Stderr, [...]string{"debug", "info", "warn", "error"}[level], line)
}
