package plugin

import (
	"errors"
	"slices"
	"testing"
	"time"

	"turnwise.dev/plugin/internal/wire"
)

// plain handles messages alone.
type plain struct{}

func (plain) OnMessage(turn *Turn[[]string], message *Message) error {
	turn.State = append(turn.State, message.Text)
	return nil
}

// full notes which of its handlers was called.
type full struct{ plain }

func note(turn *Turn[[]string], what string) error {
	turn.State = append(turn.State, what)
	return nil
}

func (full) OnBurst(turn *Turn[[]string], _ []*Message) error      { return note(turn, "burst") }
func (full) OnTimer(turn *Turn[[]string], timer *TimerFired) error { return note(turn, timer.Name) }
func (full) OnResponse(turn *Turn[[]string], of *Response) error   { return note(turn, of.Err.Error()) }
func (full) OnDeliveryFailed(turn *Turn[[]string], of *DeliveryFailure) error {
	return note(turn, of.Reason)
}
func (full) OnHandoff(turn *Turn[[]string], update HandoffUpdate) error {
	return note(turn, update.(HandoffAccepted).Agent)
}
func (full) OnSessionExpired(turn *Turn[[]string], idle time.Duration) error {
	return note(turn, idle.String())
}
func (full) OnSwitched(turn *Turn[[]string], from *NamedJSON) error  { return note(turn, from.Name) }
func (full) OnExternal(turn *Turn[[]string], event *NamedJSON) error { return note(turn, event.Value) }
func (full) Migrate(string, uint32) (string, error)                  { return "", errors.New("too old") }
func (full) Manifest() Manifest                                      { return Manifest{StateVersion: 3} }

var events = []Event{
	&Message{Text: "one"},
	Burst{{Text: "two"}, {Text: "three"}},
	&TimerFired{Name: "nag"},
	&Response{Err: &RequestError{Kind: RequestUnreachable, Detail: "no route"}},
	&DeliveryFailure{Reason: "opted out"},
	HandoffAccepted{Agent: "Ana"},
	SessionExpired{Idle: time.Hour},
	&Switched{Name: "faq"},
	&External{Name: "order-shipped", Value: "1"},
}

func states(t *testing.T, p Plugin[[]string], state string) []string {
	t.Helper()
	component := NewComponent(p)
	var after []string
	for _, event := range events {
		decision, failure := component.Handle(&Context{}, &state, event)
		if failure != nil {
			t.Fatalf("%T: %s", event, failure.Message)
		}
		after = append(after, [...]string{wire.Keep: "keep", wire.Replace: decision.State.Text, wire.Clear: "clear"}[decision.State.Kind])
	}
	return after
}

func TestEveryEventReachesItsHandler(t *testing.T) {
	want := []string{
		`["one"]`, `["burst"]`, `["nag"]`, `["unreachable: no route"]`, `["opted out"]`, `["Ana"]`, `["1h0m0s"]`,
		`["faq"]`, `["1"]`,
	}
	if got := states(t, full{}, `[]`); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestWhatIsNotHandledHasADefault(t *testing.T) {
	want := []string{`["old","one"]`, `["old","two","three"]`, "keep", "keep", "keep", "keep", "clear", "keep", "keep"}
	if got := states(t, plain{}, `["old"]`); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// watcher sees every event first.
type watcher struct {
	plain
	seen *int
}

func (w watcher) OnEvent(turn *Turn[[]string], event Event) error {
	*w.seen++
	return Dispatch(w, turn, event)
}

func TestOnEventSeesAllOfThem(t *testing.T) {
	seen := 0
	states(t, watcher{seen: &seen}, `["old"]`)
	if seen != len(events) {
		t.Errorf("%d of %d", seen, len(events))
	}
}

func TestAPluginSaysWhatItIs(t *testing.T) {
	if manifest := NewComponent(plain{}).Manifest(); manifest.Version != "0.0.0" || manifest.StateVersion != 1 {
		t.Errorf("%+v", manifest)
	}
	if manifest := NewComponent(full{}).Manifest(); manifest.StateVersion != 3 {
		t.Errorf("%+v", manifest)
	}
	if state, failure := NewComponent(plain{}).Migrate("[]", 1); state != "[]" || failure != nil {
		t.Errorf("%s, %+v", state, failure)
	}
	if _, failure := NewComponent(full{}).Migrate("[]", 1); failure == nil || !failure.BadState || failure.Message != "too old" {
		t.Errorf("%+v", failure)
	}
}

func TestWhatAMessageSays(t *testing.T) {
	message := &Message{Text: "  ORDER status\n", ChoiceID: "order"}
	if !message.Says("Order Status") || message.Says("order") || !message.Chose("order") || message.Chose("") || message.IsWordless() {
		t.Error("an order's status was asked")
	}
	if silent := (&Message{Text: "\u2003\n"}); !silent.IsWordless() || silent.Chose("") {
		t.Error("nothing was said")
	}
}
