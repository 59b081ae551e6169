// A support bot: a menu by buttons, order status asked in two steps, and an agent whenever the user wants one.
//
// Its conversations are in tests; they are the best description of what it does.
package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"turnwise.dev/plugin"
	"turnwise.dev/plugin/log"
)

const (
	// triesMax is how many wrong answers to one question are taken before an agent is offered.
	triesMax = 3
	// nameCharsMax is where a first name is too long to be one.
	nameCharsMax = 30
)

// Step is where the conversation is.
type Step string

const (
	Start         Step = ""
	AtMenu        Step = "menu"
	AwaitingOrder Step = "awaiting-order"
	// AwaitingProof is when a postcode or e-mail address is asked for, which proves that the order is the user's. It is
	// checked and forgotten, never stored.
	AwaitingProof Step = "awaiting-proof"
	AwaitingAgent Step = "awaiting-agent"
)

// State is what is remembered of a conversation.
type State struct {
	Step Step `json:"step,omitempty"`
	// Order is the number given, while its proof is awaited.
	Order string `json:"order,omitempty"`
	// Tries counts wrong answers to the question that is open.
	Tries int `json:"tries,omitempty"`
}

// Turn is a turn of this bot.
type Turn = plugin.Turn[State]

// Menu is the bot.
type Menu struct{}

func main() { plugin.Run(Menu{}) }

// Manifest says which steps there are, and that the words "agent", "menu", "help" and "stop" are understood here, so
// that their answers fit the rest.
func (Menu) Manifest() plugin.Manifest {
	return plugin.Manifest{
		Version: "0.1.0",
		Steps:   []string{"menu", "awaiting-order", "awaiting-proof", "awaiting-agent"},
		Handles: []string{"commands"},
	}
}

// OnMessage answers the user.
func (Menu) OnMessage(turn *Turn, message *plugin.Message) error {
	step := turn.State.Step
	first := step == Start
	if first {
		turn.IncrementAttribute("support_contact_count", 1)
	}
	if message.IsWordless() {
		wordless(turn)
		return nil
	}
	intent := intentOf(message)
	// Elsewhere these are topics only when their button is tapped: a typed answer may contain the words.
	isTopic := first || step == AtMenu || message.ChoiceID != ""
	switch {
	case intent == IntentMenu:
		showMenu(turn, "What can I do for you?")
	case intent == IntentAgent:
		callAgent(turn)
	case intent == IntentStop:
		end(turn, "Okay. Write any time if you need me.", "stopped")
	case intent == IntentDone:
		end(turn, "Glad to help. Have a good day!", "solved")
	case intent == IntentOrder && isTopic:
		askOrder(turn)
	case intent == IntentHours && isTopic:
		return sayHours(turn)
	case step == AwaitingOrder:
		takeOrder(turn, message)
	case step == AwaitingProof:
		takeProof(turn, message)
	case step == AwaitingAgent:
		turn.Reply("A colleague will be with you soon. Write \"menu\" to carry on with me instead.")
		turn.Step(string(AwaitingAgent))
	default:
		if order, found := findNumber(message.Text); found {
			askProof(turn, order)
		} else if first {
			greet(turn)
		} else {
			showMenu(turn, "Sorry, I didn't get that. What can I do for you?")
		}
	}
	return nil
}

// OnHandoff goes on where an agent did not.
func (Menu) OnHandoff(turn *Turn, update plugin.HandoffUpdate) error {
	switch update.(type) {
	case plugin.HandoffFailed:
		showMenu(turn, "Sorry, nobody is free right now. You can try again later, or see if I can help:")
	case plugin.HandoffAccepted:
		// The agent speaks now.
		turn.State = State{Step: AwaitingAgent}
	case plugin.HandoffReturned:
		showMenu(turn, "It's me again, the bot. Anything else I can do?")
	}
	return nil
}

// OnDeliveryFailed only logs: saying it again could say it twice, and whatever kept it from arriving would keep this
// from arriving.
func (Menu) OnDeliveryFailed(_ *Turn, failure *plugin.DeliveryFailure) error {
	doubt := ""
	if failure.Ambiguous {
		doubt = " (it may have arrived all the same)"
	}
	log.Warn("what turn %d said was not delivered%s: %s", failure.Turn, doubt, failure.Reason)
	return nil
}

func greet(turn *Turn) {
	hello := "Hi!"
	// A name of another type or an odd one is no reason not to answer.
	var name string
	if _, err := turn.Field("first_name", &name); err == nil && isName(strings.TrimSpace(name)) {
		hello = fmt.Sprintf("Hi %s!", strings.TrimSpace(name))
	}
	showMenu(turn, hello+" I can look up an order or tell you when we're open.")
}

func isName(name string) bool {
	isForeign := func(char rune) bool { return !isAlphabetic(char) }
	return name != "" && utf8.RuneCountInString(name) <= nameCharsMax && !strings.ContainsFunc(name, isForeign)
}

func showMenu(turn *Turn, text string) {
	turn.State = State{Step: AtMenu}
	turn.Step("menu")
	turn.Reply(text).
		Choice("order", "Order status").
		Choice("hours", "Opening hours").
		Choice("agent", "Talk to an agent")
}

func wordless(turn *Turn) {
	switch turn.State.Step {
	case AwaitingOrder:
		turn.Reply("I can't open attachments. Could you type the order number?").Choice("menu", "Menu")
	case AwaitingProof:
		turn.Reply("I can't open attachments. Could you type the postcode or e-mail?").Choice("menu", "Menu")
	case AwaitingAgent:
		// What a user sends while they wait is for the agent.
	default:
		showMenu(turn, "I can only read text, sorry. What can I do for you?")
	}
}

func sayHours(turn *Turn) error {
	turn.SetAttribute("last_intent", "opening_hours")
	hours := "Monday to Friday, 9 to 5"
	if _, err := turn.Setting("opening_hours", &hours); err != nil {
		return err
	}
	now := ""
	switch turn.Desk().Status {
	case plugin.DeskOpen:
		now = " We're here right now."
	case plugin.DeskClosed:
		now = " We're closed at the moment."
	}
	showMenu(turn, fmt.Sprintf("Our team is here %s.%s Anything else?", hours, now))
	return nil
}

func askOrder(turn *Turn) {
	turn.SetAttribute("last_intent", "order_status")
	turn.State = State{Step: AwaitingOrder}
	turn.Step("awaiting-order")
	turn.Reply("What's your order number? It's in your confirmation e-mail and looks like A-12345.").
		Choice("menu", "Menu")
}

func takeOrder(turn *Turn, message *plugin.Message) {
	if order, found := findNumber(message.Text); found {
		askProof(turn, order)
		return
	}
	turn.Step("awaiting-order")
	turn.State.Tries++
	switch turn.State.Tries {
	case 1:
		turn.Reply("Hmm, that doesn't look like an order number. It's like A-12345, or 5 to 8 digits.").
			Choice("menu", "Menu")
	case triesMax:
		turn.State.Tries = 0
		offerAgent(turn, "I still can't find an order number in that. Shall I get a colleague?")
	default:
		turn.Reply("That one doesn't work either. Could you copy it from your confirmation e-mail?").
			Choice("menu", "Menu")
	}
}

func askProof(turn *Turn, order string) {
	turn.SetAttribute("last_intent", "order_status")
	turn.Step("awaiting-proof")
	turn.Reply(fmt.Sprintf("Thanks. And the postcode or e-mail address of order %s?", order)).Choice("menu", "Menu")
	turn.State = State{Step: AwaitingProof, Order: order}
}

func takeProof(turn *Turn, message *plugin.Message) {
	if isProof(message.Text) {
		// A shop with an order system would ask it here: turn.Request("shop", …), and answer in OnResponse.
		order := turn.State.Order
		turn.SetAttribute("last_order_number", order)
		turn.State = State{Step: AtMenu}
		turn.Step("menu")
		turn.Reply(fmt.Sprintf("Order %s %s.", order, status(order))).
			Choice("order", "Another order").
			Choice("agent", "Talk to an agent").
			Choice("done", "That's all")
		return
	}
	turn.Step("awaiting-proof")
	turn.State.Tries++
	if turn.State.Tries < triesMax {
		turn.Reply("I need the postcode it's sent to, or the e-mail address you ordered with.").Choice("menu", "Menu")
		return
	}
	turn.State.Tries = 0
	offerAgent(turn, "I can't check the order with that, sorry. Shall I get a colleague?")
}

func offerAgent(turn *Turn, text string) {
	turn.Reply(text).Choice("agent", "Talk to an agent").Choice("order", "Try again").Choice("menu", "Menu")
}

func callAgent(turn *Turn) {
	turn.SetAttribute("last_intent", "agent")
	summary := "Asked for an agent"
	switch turn.State.Step {
	case AwaitingOrder:
		summary = "Asked for an agent while giving an order number"
	case AwaitingProof:
		summary = fmt.Sprintf("Asked for an agent about order %s, not verified yet", turn.State.Order)
	}
	turn.State = State{Step: AwaitingAgent}
	turn.Step("awaiting-agent")
	turn.Handoff("asked").Summary(summary).Notice("One moment, I'm getting a colleague for you.")
}

func end(turn *Turn, text, outcome string) {
	turn.Reply(text)
	turn.State = State{}
	turn.EndSession(outcome)
}
