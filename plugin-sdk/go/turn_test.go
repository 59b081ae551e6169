package plugin

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"turnwise.dev/plugin/internal/wire"
)

// bot does what its function says.
type bot[S any] func(turn *Turn[S], message *Message) error

func (b bot[S]) OnMessage(turn *Turn[S], message *Message) error { return b(turn, message) }

// turnOf is one turn of a bot that was written "hi".
func turnOf[S any](state *string, context Context, do func(turn *Turn[S]) error) (*wire.Decision, *wire.Failure) {
	component := NewComponent(bot[S](func(turn *Turn[S], _ *Message) error { return do(turn) }))
	return component.Handle(&context, state, &Message{Text: "hi"})
}

func decided[S any](t *testing.T, do func(turn *Turn[S])) *wire.Decision {
	t.Helper()
	decision, failure := turnOf(nil, Context{}, func(turn *Turn[S]) error { do(turn); return nil })
	if failure != nil {
		t.Fatal(failure.Message)
	}
	return decision
}

func TestRandomNumbersAreThoseOfEveryLanguage(t *testing.T) {
	ends := []uint32{6, 100, 4294967295, 1, 1000, 7}
	for seed, expected := range map[uint32][]uint32{
		0:          {5, 43, 113532183, 0, 106, 2},
		1:          {3, 74, 4170425070, 0, 444, 5},
		2654435761: {5, 71, 786094238, 0, 993, 2},
		4294967295: {2, 37, 3997878781, 0, 715, 6},
	} {
		turn := &Turn[struct{}]{context: &Context{}, random: splitMix(seed)}
		var drawn []uint32
		for _, end := range ends {
			drawn = append(drawn, turn.RandomBelow(end))
		}
		if !slices.Equal(drawn, expected) {
			t.Errorf("seed %d draws %v, expected %v", seed, drawn, expected)
		}
		if turn.RandomBelow(0) != 0 {
			t.Error("there is nothing below zero")
		}
	}
	turn := &Turn[struct{}]{context: &Context{}, random: 1}
	if picked := turn.Pick("a", "b", "c", "d", "e", "f"); picked != "d" {
		t.Errorf("picked %s", picked)
	}
}

func TestStateIsWrittenOnlyWhereItChanged(t *testing.T) {
	one := "1"
	for _, test := range []struct {
		before  *string
		after   int
		expired bool
		next    wire.NextState
	}{
		{nil, 0, false, wire.NextState{Kind: wire.Keep}},
		{nil, 1, false, wire.NextState{Kind: wire.Replace, Text: "1"}},
		{&one, 1, false, wire.NextState{Kind: wire.Keep}},
		{&one, 2, false, wire.NextState{Kind: wire.Replace, Text: "2"}},
		{&one, 0, false, wire.NextState{Kind: wire.Clear}},
		// After a session has expired the contract reads "keep" as "clear".
		{&one, 1, true, wire.NextState{Kind: wire.Replace, Text: "1"}},
		{&one, 0, true, wire.NextState{Kind: wire.Clear}},
	} {
		turn, err := begin[int](&Context{}, test.before)
		if err != nil {
			t.Fatal(err)
		}
		turn.State = test.after
		decision, err := turn.finish(test.before, test.expired)
		if err != nil || decision.State != test.next {
			t.Errorf("%+v: %+v, %v", test, decision.State, err)
		}
	}
}

func TestStateSurvivesTheRoundTrip(t *testing.T) {
	type state struct {
		Said  string         `json:"said"`
		Seen  map[string]int `json:"seen"`
		Since time.Time      `json:"since"`
	}
	since := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	decision := decided(t, func(turn *Turn[state]) {
		turn.State = state{Said: "<b>&\"\u2028", Seen: map[string]int{"b": 2, "a": 1}, Since: since}
	})
	written := decision.State.Text
	if want := `{"said":"<b>&\"\u2028","seen":{"a":1,"b":2},"since":"2026-01-05T09:00:00Z"}`; written != want {
		t.Errorf("written as %s", written)
	}
	decision, failure := turnOf(&written, Context{}, func(turn *Turn[state]) error {
		if turn.State.Said != "<b>&\"\u2028" || turn.State.Seen["b"] != 2 || !turn.State.Since.Equal(since) {
			t.Errorf("read as %+v", turn.State)
		}
		return nil
	})
	if failure != nil || decision.State.Kind != wire.Keep {
		t.Errorf("%+v, %+v", decision, failure)
	}
}

func TestAStateThatCannotBeReadIsABadState(t *testing.T) {
	state := `"seven"`
	_, failure := turnOf(&state, Context{}, func(*Turn[int]) error { return nil })
	if failure == nil || !failure.BadState || !strings.Contains(failure.Message, "cannot unmarshal string") {
		t.Errorf("%+v", failure)
	}
}

func TestErrorsAndPanicsLeaveNothingButTheirText(t *testing.T) {
	decision, failure := turnOf(nil, Context{}, func(turn *Turn[int]) error {
		turn.Reply("never sent")
		return errors.New("no stock")
	})
	if decision != nil || failure == nil || failure.BadState || failure.Message != "no stock" {
		t.Errorf("%+v, %+v", decision, failure)
	}

	decision, failure = turnOf(nil, Context{}, func(*Turn[int]) error { var none []int; return deep(none) })
	if decision != nil || failure == nil || failure.BadState {
		t.Fatalf("%+v, %+v", decision, failure)
	}
	lines := strings.Split(failure.Message, "\n")
	if lines[0] != "panic: runtime error: index out of range [3] with length 0" {
		t.Error(lines[0])
	}
	if !strings.HasPrefix(lines[1], "  at turnwise.dev/plugin.deep (") || !strings.Contains(lines[1], "turn_test.go:") {
		t.Error(lines[1])
	}
	if strings.Contains(failure.Message, "runtime.") || strings.Contains(failure.Message, "plugin.handle") {
		t.Error("the frames are not the plugin's alone: " + failure.Message)
	}

	_, failure = turnOf(nil, Context{}, func(*Turn[int]) error { panic(strings.Repeat("x", 1<<20)) })
	if len(failure.Message) > failureBytesMax {
		t.Errorf("%d bytes", len(failure.Message))
	}

	_, failure = turnOf(nil, Context{}, func(turn *Turn[int]) error {
		turn.SetAttribute("broken", func() {})
		return nil
	})
	if failure == nil || !strings.HasPrefix(failure.Message, "writing a value as JSON: json: unsupported type") {
		t.Errorf("%+v", failure)
	}
}

//go:noinline
func deep(none []int) error { panic(none[3]) }

func TestSettingsAndFieldsAreRead(t *testing.T) {
	context := Context{
		Settings: []NamedJSON{{"hours", `"9 to 5"`}, {"limit", `7`}},
		Fields:   []NamedJSON{{"first_name", `7`}},
	}
	_, failure := turnOf(nil, context, func(turn *Turn[int]) error {
		hours, absent := "never", "as it was"
		if found, err := turn.Setting("hours", &hours); !found || err != nil || hours != "9 to 5" {
			t.Error(found, err, hours)
		}
		if found, err := turn.Setting("absent", &absent); found || err != nil || absent != "as it was" {
			t.Error(found, err, absent)
		}
		all := struct {
			Hours string
			Limit int
			Other string
		}{Other: "default"}
		if err := turn.Settings(&all); err != nil || all.Hours != "9 to 5" || all.Limit != 7 || all.Other != "default" {
			t.Error(err, all)
		}
		var name string
		_, err := turn.Field("first_name", &name)
		return err
	})
	if failure == nil || !strings.HasPrefix(failure.Message, "field: first_name: json: cannot unmarshal number") {
		t.Errorf("%+v", failure)
	}
}

func TestEveryEffectIsSpelledAsInTheContract(t *testing.T) {
	decision := decided(t, func(turn *Turn[int]) {
		turn.Step("asking")
		turn.Reply("Which?").Choice("a", "A").ChoiceDescribed("b", "B", "second").Media("https://m", "image/png").
			Campaign("promo").Property("n", 1)
		turn.SendCampaign("offer").Property("code", "X")
		turn.SendCanvas("journey")
		turn.SetAttribute("plan", "gold")
		turn.UnsetAttribute("plan")
		turn.IncrementAttribute("visits", -1)
		turn.AddToAttribute("tags", "new")
		turn.RemoveFromAttribute("tags", "old")
		turn.TrackEvent("bought", map[string]any{"plan": "gold"})
		turn.StartTimer("nag", 1500*time.Millisecond).Payload([]int{1}).CancelOnMessage()
		turn.CancelTimer("nag")
		turn.Request("shop", "/orders?id=1").ID("r1").Header("accept", "text/plain").TimeoutSeconds(3).
			WhileWaiting(WaitHold)
		turn.Request("shop", "/orders").JSON(map[string]int{"n": 1})
		turn.Request("shop", "/raw").Method("PUT").Body("text")
		turn.Handoff("asked").Summary("s").Notice("n").Team("t").Priority(PriorityUrgent)
		turn.Note("for the agent")
		turn.SwitchBot("faq", nil)
		turn.EndSession("solved")
		turn.Custom("future", true)
	})
	written, err := json.Marshal(decision)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"state":{"tag":"keep"},"effects":[` + strings.Join([]string{
		`{"tag":"reply","val":{"text":"Which?","choices":[{"id":"a","title":"A","description":null},` +
			`{"id":"b","title":"B","description":"second"}],"media":{"url":"https://m","mimeType":"image/png"},` +
			`"campaign":"promo","properties":[{"name":"n","value":"1"}]}}`,
		`{"tag":"send-campaign","val":{"name":"offer","properties":[{"name":"code","value":"\"X\""}]}}`,
		`{"tag":"send-canvas","val":{"name":"journey","properties":[]}}`,
		`{"tag":"change-attribute","val":{"tag":"set","val":{"name":"plan","value":"\"gold\""}}}`,
		`{"tag":"change-attribute","val":{"tag":"unset","val":"plan"}}`,
		`{"tag":"change-attribute","val":{"tag":"increment","val":["visits",-1]}}`,
		`{"tag":"change-attribute","val":{"tag":"add","val":["tags","new"]}}`,
		`{"tag":"change-attribute","val":{"tag":"remove","val":["tags","old"]}}`,
		`{"tag":"track-event","val":{"name":"bought","value":"{\"plan\":\"gold\"}"}}`,
		`{"tag":"start-timer","val":{"name":"nag","delay":2,"payload":"[1]","cancelOnMessage":true}}`,
		`{"tag":"cancel-timer","val":"nag"}`,
		`{"tag":"request","val":{"id":"r1","connection":"shop","method":"GET","path":"/orders?id=1",` +
			`"headers":[["accept","text/plain"]],"body":null,"timeout":3,"whileWaiting":"hold"}}`,
		`{"tag":"request","val":{"id":"shop","connection":"shop","method":"POST","path":"/orders",` +
			`"headers":[["content-type","application/json"]],"body":"{\"n\":1}","timeout":10,"whileWaiting":"deliver"}}`,
		`{"tag":"request","val":{"id":"shop","connection":"shop","method":"PUT","path":"/raw","headers":[],` +
			`"body":"text","timeout":10,"whileWaiting":"deliver"}}`,
		`{"tag":"handoff","val":{"reason":"asked","summary":"s","team":"t","priority":"urgent","notice":"n"}}`,
		`{"tag":"note","val":"for the agent"}`,
		`{"tag":"switch-bot","val":{"name":"faq","value":"null"}}`,
		`{"tag":"end-session","val":"solved"}`,
		`{"tag":"custom","val":{"name":"future","value":"true"}}`,
	}, ",") + `],"step":"asking"}`
	if string(written) != want {
		t.Errorf("written as\n%s\nexpected\n%s", written, want)
	}
}

func TestATimerNeverStartsTooSoon(t *testing.T) {
	for delay, seconds := range map[time.Duration]uint32{
		0: 0, -time.Hour: 0, 1: 1, time.Second: 1, time.Second + 1: 2, 1<<63 - 1: 4294967295,
	} {
		if whole := wholeSeconds(delay); whole != seconds {
			t.Errorf("%v is %d seconds", delay, whole)
		}
	}
}
