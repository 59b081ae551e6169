// Package plugintest plays transcripts against a plugin in `go test`: natively, so that a debugger, the race detector and
// coverage work as always.
//
//	func TestTranscripts(t *testing.T) { plugintest.RunFolder(t, Menu{}, "tests") }
//
// What a transcript can say is told by `turnwise test --help`, which plays them: the command is found by the variable
// TURNWISE, else on PATH.
package plugintest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"turnwise.dev/plugin"
	"turnwise.dev/plugin/internal/wire"
)

// RunFolder plays every *.chat file of a folder, each as a subtest.
func RunFolder[S any](t *testing.T, p plugin.Plugin[S], folder string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.chat"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("%s holds no transcript (*.chat)", folder)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".chat"), func(t *testing.T) { RunFile(t, p, file) })
	}
}

// RunFile plays one transcript.
func RunFile[S any](t *testing.T, p plugin.Plugin[S], file string) {
	t.Helper()
	if mistakes := mistakenHandlers(p); len(mistakes) > 0 {
		t.Fatal(strings.Join(mistakes, "\n"))
	}
	command := os.Getenv("TURNWISE")
	if command == "" {
		command = "turnwise"
	}
	if err := play(plugin.NewComponent(p), exec.Command(command, "test", "--stdio", file)); err != nil {
		t.Fatal(err)
	}
}

// play answers what the command asks until it is done; an error is what is to be told of it.
func play(component *plugin.Component, command *exec.Cmd) error {
	command.Stderr = os.Stderr
	answers, err := command.StdinPipe()
	if err != nil {
		return err
	}
	questions, err := command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return fmt.Errorf("the command `turnwise`, which plays transcripts, is not on PATH; the variable TURNWISE can say where it is")
		}
		return err
	}
	report, err := converse(component, questions, answers)
	answers.Close()
	ended := command.Wait()
	switch {
	case err != nil:
		return err
	case ended != nil && report == "":
		return fmt.Errorf("%s: %w", command, ended)
	case ended != nil:
		return errors.New(report)
	}
	return nil
}

// question is a line of the command.
type question struct {
	Context eventContext `json:"context"`
	State   *string      `json:"state"`
	Event   tagged       `json:"event"`
	Done    *struct {
		Failed int    `json:"failed"`
		Report string `json:"report"`
	} `json:"done"`
}

// answer is a line to the command.
type answer struct {
	Ok  *wire.Decision `json:"ok,omitempty"`
	Err *wire.Failure  `json:"err,omitempty"`
}

// converse answers questions until the last line, whose report it returns; empty where nothing failed.
func converse(component *plugin.Component, questions io.Reader, answers io.Writer) (report string, err error) {
	lines := bufio.NewReader(questions)
	encoder := json.NewEncoder(answers)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		var asked question
		if err := json.Unmarshal(line, &asked); err != nil {
			return "", fmt.Errorf("a line that turnwise wrote: %w", err)
		}
		if asked.Done != nil {
			if asked.Done.Failed == 0 {
				return "", nil
			}
			return asked.Done.Report, nil
		}
		event, err := asked.Event.event()
		if err != nil {
			return "", err
		}
		decision, failure := component.Handle(asked.Context.context(), asked.State, event)
		if err := encoder.Encode(answer{decision, failure}); err != nil {
			return "", fmt.Errorf("turnwise stopped listening: %w", err)
		}
	}
}

// mistakenHandlers names methods that look like a handler and are none, which would never be called.
func mistakenHandlers[S any](p plugin.Plugin[S]) []string {
	handlers := map[string]reflect.Type{
		"OnBurst":          reflect.TypeFor[plugin.BurstHandler[S]](),
		"OnTimer":          reflect.TypeFor[plugin.TimerHandler[S]](),
		"OnResponse":       reflect.TypeFor[plugin.ResponseHandler[S]](),
		"OnDeliveryFailed": reflect.TypeFor[plugin.DeliveryFailedHandler[S]](),
		"OnHandoff":        reflect.TypeFor[plugin.HandoffHandler[S]](),
		"OnSessionExpired": reflect.TypeFor[plugin.SessionExpiredHandler[S]](),
		"OnSwitched":       reflect.TypeFor[plugin.SwitchedHandler[S]](),
		"OnExternal":       reflect.TypeFor[plugin.ExternalHandler[S]](),
		"OnEvent":          reflect.TypeFor[plugin.EventHandler[S]](),
		"Manifest":         reflect.TypeFor[plugin.Described](),
		"Migrate":          reflect.TypeFor[plugin.Migrator](),
		"OnMessage":        reflect.TypeFor[plugin.Plugin[S]](),
	}
	var mistakes []string
	of := reflect.TypeOf(p)
	for i := range of.NumMethod() {
		method := of.Method(i)
		handler, known := handlers[method.Name]
		switch {
		case known && !of.Implements(handler):
			wanted := handler.Method(0).Type
			mistakes = append(mistakes, fmt.Sprintf("%s.%s would never be called: it is no %v", of, method.Name, wanted))
		case !known && strings.HasPrefix(method.Name, "On"):
			mistakes = append(mistakes, fmt.Sprintf("%s.%s would never be called: there is no handler of that name", of, method.Name))
		}
	}
	return mistakes
}
