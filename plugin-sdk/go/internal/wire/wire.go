// Package wire holds what a plugin returns, shaped as the contract has it and spelled in JSON as the contract's
// JavaScript bindings spell it. Builds lower it to the component's memory, tests print it.
package wire

// Decision is what a turn ends with.
type Decision struct {
	State   NextState `json:"state"`
	Effects []Effect  `json:"effects"`
	Step    *string   `json:"step"`
}

// NextState is what becomes of the state: Keep, Clear, or Replace with a text.
type NextState struct {
	Kind StateKind
	Text string
}

// StateKind tells the cases of NextState apart.
type StateKind int

const (
	Keep StateKind = iota
	Replace
	Clear
)

// NamedJSON is a name with JSON text.
type NamedJSON struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Effect is one of the types below that have the method.
type Effect interface{ effect() }

type (
	// Reply is one message to the user.
	Reply struct {
		Text       string      `json:"text"`
		Choices    []Choice    `json:"choices"`
		Media      *Media      `json:"media"`
		Campaign   *string     `json:"campaign"`
		Properties []NamedJSON `json:"properties"`
	}
	// Choice is something to tap.
	Choice struct {
		ID          string  `json:"id"`
		Title       string  `json:"title"`
		Description *string `json:"description"`
	}
	// Media is a file, by reference.
	Media struct {
		URL      string  `json:"url"`
		MIMEType *string `json:"mimeType"`
	}
	// Campaign is a campaign or Canvas with its trigger properties.
	Campaign struct {
		Name       string      `json:"name"`
		Properties []NamedJSON `json:"properties"`
	}
	// Timer is a call to oneself, later.
	Timer struct {
		Name            string `json:"name"`
		Delay           uint32 `json:"delay"`
		Payload         string `json:"payload"`
		CancelOnMessage bool   `json:"cancelOnMessage"`
	}
	// Request is an HTTP call.
	Request struct {
		ID           string       `json:"id"`
		Connection   string       `json:"connection"`
		Method       string       `json:"method"`
		Path         string       `json:"path"`
		Headers      [][2]string  `json:"headers"`
		Body         *string      `json:"body"`
		Timeout      uint32       `json:"timeout"`
		WhileWaiting WhileWaiting `json:"whileWaiting"`
	}
	// Handoff asks for a human.
	Handoff struct {
		Reason   string   `json:"reason"`
		Summary  string   `json:"summary"`
		Team     *string  `json:"team"`
		Priority Priority `json:"priority"`
		Notice   *string  `json:"notice"`
	}
)

// Effects whose content is one of the types above.
type (
	SendCampaign struct{ Campaign }
	SendCanvas   struct{ Campaign }
	TrackEvent   NamedJSON
	CancelTimer  string
	Note         string
	SwitchBot    NamedJSON
	EndSession   string
	Custom       NamedJSON
)

// ChangeAttribute is one change of a custom attribute: the cases of the contract's attribute-change.
type ChangeAttribute struct {
	Kind AttributeKind
	Name string
	// Text is JSON for AttributeSet, plain text for AttributeAdd and AttributeRemove.
	Text string
	By   int32
}

// AttributeKind tells the cases of ChangeAttribute apart.
type AttributeKind int

const (
	AttributeSet AttributeKind = iota
	AttributeUnset
	AttributeIncrement
	AttributeAdd
	AttributeRemove
)

func (*Reply) effect()           {}
func (*SendCampaign) effect()    {}
func (*SendCanvas) effect()      {}
func (*ChangeAttribute) effect() {}
func (*TrackEvent) effect()      {}
func (*Timer) effect()           {}
func (CancelTimer) effect()      {}
func (*Request) effect()         {}
func (*Handoff) effect()         {}
func (Note) effect()             {}
func (*SwitchBot) effect()       {}
func (EndSession) effect()       {}
func (*Custom) effect()          {}

// WhileWaiting is numbered as in the contract.
type WhileWaiting uint8

// Priority is numbered as in the contract.
type Priority uint8

// Failure is why there is no decision.
type Failure struct {
	BadState bool
	Message  string
}
