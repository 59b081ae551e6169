// Package log writes to the turn's log, of which at most 16 KiB a turn are kept. Never write what the user typed: logs
// are kept longer and seen by more people than conversations.
//
// In tests the lines go to stderr.
package log

import (
	"fmt"

	"turnwise.dev/plugin/internal/sink"
)

// Debug writes a line for the plugin's author, formatted as by [fmt.Sprintf].
func Debug(format string, args ...any) { write(sink.Debug, format, args) }

// Info writes a line worth reading.
func Info(format string, args ...any) { write(sink.Info, format, args) }

// Warn writes a line worth a look.
func Warn(format string, args ...any) { write(sink.Warn, format, args) }

// Error writes a line about something wrong.
func Error(format string, args ...any) { write(sink.Error, format, args) }

func write(level sink.Level, format string, args []any) {
	// A line without arguments is no format: a percent sign in it is one.
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	sink.Write(level, format)
}
