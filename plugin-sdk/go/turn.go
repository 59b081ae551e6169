package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"turnwise.dev/plugin/internal/wire"
)

// Turn is one event being handled. Some of its methods say what there is to know; the others ask for something to be
// done, which happens after the turn is committed, in the order it was asked for.
type Turn[S any] struct {
	// State is the conversation's. What it is when the handler returns is what the next turn sees.
	State S

	context *Context
	random  splitMix
	step    *string
	effects []wire.Effect
	// failure is the first thing that could not be written as JSON, kept until the end so that effects need no error.
	failure error
}

// Context is everything about this turn but its event.
func (t *Turn[S]) Context() *Context { return t.context }

// User is who is talking.
func (t *Turn[S]) User() *User { return &t.context.User }

// Now is when the turn runs, in UTC. It stands still during the turn.
func (t *Turn[S]) Now() time.Time { return t.context.Now }

// Desk says whether a human could take over now.
func (t *Turn[S]) Desk() Desk { return t.context.Desk }

// Setting reads one of the settings in `[plugins.NAME.settings]`, like [json.Unmarshal]. Where it is not there, into
// stays as it is and found is false. It is an error if it is there and of another type.
func (t *Turn[S]) Setting(name string, into any) (found bool, err error) {
	return find(t.context.Settings, "setting", name, into)
}

// Settings reads all settings into one struct; those that are missing stay as they are.
func (t *Turn[S]) Settings(into any) error {
	return collect(t.context.Settings, "settings", into)
}

// Field reads a value that the inbound carried beside the message, as Setting does.
func (t *Turn[S]) Field(name string, into any) (found bool, err error) {
	return find(t.context.Fields, "field", name, into)
}

// Fields reads all values that the inbound carried beside the message, as Settings does.
func (t *Turn[S]) Fields(into any) error {
	return collect(t.context.Fields, "fields", into)
}

// RandomBelow is a random number below end, zero where end is zero. It comes from the turn's seed, so a replay draws the
// same numbers. Not for secrets.
func (t *Turn[S]) RandomBelow(end uint32) uint32 { return t.random.below(end) }

// Pick is one of these at random, so that a bot need not always say the same. It panics where there is none.
func (t *Turn[S]) Pick(options ...string) string {
	return options[t.RandomBelow(uint32(len(options)))]
}

// Step names the state-machine state this turn ends in; shown in the console and counted.
func (t *Turn[S]) Step(name string) { t.step = &name }

// begin reads the state.
func begin[S any](context *Context, state *string) (*Turn[S], error) {
	turn := &Turn[S]{context: context, random: splitMix(context.Seed)}
	if state != nil {
		if err := json.Unmarshal([]byte(*state), &turn.State); err != nil {
			return nil, err
		}
	}
	return turn, nil
}

// finish makes the decision. A state that is the zero value is not stored at all, and one that did not change is kept,
// so that a plugin without state never writes any. After a session has expired "keep" would mean "clear", so it is not
// said.
func (t *Turn[S]) finish(before *string, expired bool) (*wire.Decision, error) {
	if t.failure != nil {
		return nil, t.failure
	}
	after, err := marshal(t.State)
	if err != nil {
		return nil, fmt.Errorf("writing the state: %w", err)
	}
	var zero S
	start, err := marshal(zero)
	isStart := err == nil && after == start
	decision := &wire.Decision{Effects: t.effects, Step: t.step}
	switch {
	case isStart && before != nil:
		decision.State.Kind = wire.Clear
	case isStart, before != nil && *before == after && !expired:
		decision.State.Kind = wire.Keep
	default:
		decision.State = wire.NextState{Kind: wire.Replace, Text: after}
	}
	return decision, nil
}

// json is the JSON text of a value. What cannot be written fails the turn at its end.
func (t *Turn[S]) json(value any) string { return write(&t.failure, value) }

func write(failure *error, value any) string {
	text, err := marshal(value)
	if err != nil {
		if *failure == nil {
			*failure = fmt.Errorf("writing a value as JSON: %w", err)
		}
		return "null"
	}
	return text
}

// marshal writes JSON as the other languages do: without escapes for HTML, which nobody reads it as.
func marshal(value any) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	return string(bytes.TrimSuffix(text.Bytes(), []byte("\n"))), nil
}

func find(values []NamedJSON, kind, name string, into any) (bool, error) {
	for i := range values {
		if values[i].Name == name {
			if err := values[i].Read(into); err != nil {
				return true, fmt.Errorf("%s: %w", kind, err)
			}
			return true, nil
		}
	}
	return false, nil
}

func collect(values []NamedJSON, kind string, into any) error {
	object := make(map[string]json.RawMessage, len(values))
	for _, value := range values {
		object[value.Name] = json.RawMessage(value.Value)
	}
	text, err := json.Marshal(object)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	return nil
}

// splitMix is SplitMix64: small, good from any seed, zero included, and the same in every language's SDK.
type splitMix uint64

func (s *splitMix) below(end uint32) uint32 {
	*s += 0x9e37_79b9_7f4a_7c15
	mixed := uint64(*s)
	mixed = (mixed ^ mixed>>30) * 0xbf58_476d_1ce4_e5b9
	mixed = (mixed ^ mixed>>27) * 0x94d0_49bb_1331_11eb
	// The high half of a 32-by-32 bit product maps the number into the range without a division.
	return uint32(((mixed >> 32) * uint64(end)) >> 32)
}
