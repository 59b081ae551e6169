package plugin

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"turnwise.dev/plugin/internal/wire"
)

// Component is a plugin seen from outside, without its state's type: what a build exports and a test plays. Authors of
// plugins need [Run] alone.
type Component struct {
	// Handle takes one turn. Exactly one of what it returns is nil. It never panics.
	Handle func(context *Context, state *string, event Event) (*wire.Decision, *wire.Failure)
	// Manifest is what the plugin says of itself, defaults filled in but for the name.
	Manifest func() Manifest
	// Migrate makes an older version's state readable. It never panics.
	Migrate func(state string, from uint32) (string, *wire.Failure)
}

// running is what Run was called with.
var running *Component

// Run makes a plugin of a program: it is called once, by main.
func Run[S any](p Plugin[S]) {
	running = NewComponent(p)
	if runtime.GOOS != "wasip1" {
		fmt.Fprintln(os.Stderr, "This is a Turnwise plugin, which runs inside the host: build it with `turnwise plugin build`, test it with `go test`.")
		os.Exit(2)
	}
}

// Running is the plugin that Run was called with; nil before. A component's build asks for it.
func Running() *Component { return running }

// NewComponent is the component of a plugin.
func NewComponent[S any](p Plugin[S]) *Component {
	return &Component{
		Handle: func(context *Context, state *string, event Event) (*wire.Decision, *wire.Failure) {
			return handle(p, context, state, event)
		},
		Manifest: func() Manifest { return describe(p) },
		Migrate:  func(state string, from uint32) (string, *wire.Failure) { return migrate(p, state, from) },
	}
}

func handle[S any](p Plugin[S], context *Context, state *string, event Event) (decision *wire.Decision, failure *wire.Failure) {
	defer func() {
		if panicked := recover(); panicked != nil {
			decision, failure = nil, panicFailure(panicked)
		}
	}()
	turn, err := begin[S](context, state)
	if err != nil {
		return nil, &wire.Failure{BadState: true, Message: err.Error()}
	}
	if handler, ok := p.(EventHandler[S]); ok {
		err = handler.OnEvent(turn, event)
	} else {
		err = Dispatch(p, turn, event)
	}
	if err == nil {
		_, expired := event.(SessionExpired)
		decision, err = turn.finish(state, expired)
	}
	if err != nil {
		return nil, &wire.Failure{Message: err.Error()}
	}
	return decision, nil
}

func describe(p any) Manifest {
	var manifest Manifest
	if described, ok := p.(Described); ok {
		manifest = described.Manifest()
	}
	if manifest.Version == "" {
		manifest.Version = "0.0.0"
	}
	if manifest.StateVersion == 0 {
		manifest.StateVersion = 1
	}
	return manifest
}

func migrate(p any, state string, from uint32) (migrated string, failure *wire.Failure) {
	defer func() {
		if panicked := recover(); panicked != nil {
			migrated, failure = "", panicFailure(panicked)
		}
	}()
	migrator, ok := p.(Migrator)
	if !ok {
		return state, nil
	}
	migrated, err := migrator.Migrate(state, from)
	if err != nil {
		return "", &wire.Failure{BadState: true, Message: err.Error()}
	}
	return migrated, nil
}

const (
	// stackFramesMax and failureBytesMax bound what a panic leaves in the journal.
	stackFramesMax  = 32
	failureBytesMax = 4 << 10
)

// panicFailure says what was panicked with, and where: the plugin's own frames, innermost first.
func panicFailure(panicked any) *wire.Failure {
	var text strings.Builder
	fmt.Fprintf(&text, "panic: %v", panicked)
	var callers [stackFramesMax]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers[:])])
	for {
		frame, more := frames.Next()
		switch {
		case strings.HasPrefix(frame.Function, "runtime."), strings.HasPrefix(frame.Function, "turnwise.dev/plugin.Dispatch["):
		case strings.HasPrefix(frame.Function, "turnwise.dev/plugin.handle["), strings.HasPrefix(frame.Function, "turnwise.dev/plugin.migrate"):
			more = false
		default:
			fmt.Fprintf(&text, "\n  at %s (%s:%d)", frame.Function, frame.File, frame.Line)
		}
		if !more {
			break
		}
	}
	message := text.String()
	if len(message) > failureBytesMax {
		message = message[:failureBytesMax]
	}
	return &wire.Failure{Message: message}
}
