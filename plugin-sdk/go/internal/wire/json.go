package wire

import (
	"encoding/json"
	"fmt"
)

// Tagged is a variant's JSON.
type Tagged struct {
	Tag string `json:"tag"`
	Val any    `json:"val,omitempty"`
}

var (
	stateTags     = [...]string{Keep: "keep", Replace: "replace", Clear: "clear"}
	attributeTags = [...]string{
		AttributeSet: "set", AttributeUnset: "unset", AttributeIncrement: "increment", AttributeAdd: "add",
		AttributeRemove: "remove",
	}
	whileWaitingNames = [...]string{"deliver", "hold", "cancel"}
	priorityNames     = [...]string{"low", "normal", "high", "urgent"}
)

func (s NextState) MarshalJSON() ([]byte, error) {
	tagged := Tagged{Tag: stateTags[s.Kind]}
	if s.Kind == Replace {
		tagged.Val = s.Text
	}
	return json.Marshal(tagged)
}

func (w WhileWaiting) MarshalJSON() ([]byte, error) { return enum(whileWaitingNames[:], int(w)) }

func (p Priority) MarshalJSON() ([]byte, error) { return enum(priorityNames[:], int(p)) }

func enum(names []string, value int) ([]byte, error) {
	if value >= len(names) {
		return nil, fmt.Errorf("there is no value %d between %s and %s", value, names[0], names[len(names)-1])
	}
	return json.Marshal(names[value])
}

func (d Decision) MarshalJSON() ([]byte, error) {
	type plain struct {
		State   NextState `json:"state"`
		Effects []Tagged  `json:"effects"`
		Step    *string   `json:"step"`
	}
	effects := make([]Tagged, len(d.Effects))
	for i, effect := range d.Effects {
		effects[i] = tagged(effect)
	}
	return json.Marshal(plain{State: d.State, Effects: effects, Step: d.Step})
}

func tagged(effect Effect) Tagged {
	switch effect := effect.(type) {
	case *Reply:
		return Tagged{"reply", effect}
	case *SendCampaign:
		return Tagged{"send-campaign", effect.Campaign}
	case *SendCanvas:
		return Tagged{"send-canvas", effect.Campaign}
	case *ChangeAttribute:
		return Tagged{"change-attribute", effect}
	case *TrackEvent:
		return Tagged{"track-event", effect}
	case *Timer:
		return Tagged{"start-timer", effect}
	case CancelTimer:
		return Tagged{"cancel-timer", effect}
	case *Request:
		return Tagged{"request", effect}
	case *Handoff:
		return Tagged{"handoff", effect}
	case Note:
		return Tagged{"note", effect}
	case *SwitchBot:
		return Tagged{"switch-bot", effect}
	case EndSession:
		return Tagged{"end-session", effect}
	case *Custom:
		return Tagged{"custom", effect}
	}
	panic(fmt.Sprintf("%T is no effect", effect))
}

func (c *ChangeAttribute) MarshalJSON() ([]byte, error) {
	change := Tagged{Tag: attributeTags[c.Kind]}
	switch c.Kind {
	case AttributeSet:
		change.Val = NamedJSON{c.Name, c.Text}
	case AttributeUnset:
		change.Val = c.Name
	case AttributeIncrement:
		change.Val = [2]any{c.Name, c.By}
	case AttributeAdd, AttributeRemove:
		change.Val = [2]any{c.Name, c.Text}
	}
	return json.Marshal(change)
}

func (f *Failure) MarshalJSON() ([]byte, error) {
	tag := "other"
	if f.BadState {
		tag = "bad-state"
	}
	return json.Marshal(Tagged{tag, f.Message})
}
