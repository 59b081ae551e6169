// Package plugin is for writing Turnwise plugins in Go.
//
// A plugin is a pure function: it is given a conversation's state and an event, and says what becomes of the state and
// what is to be done. It has no clock, no network and no memory of its own; the [Turn] hands it all it may know and
// collects all it asks for.
//
//	package main
//
//	import "turnwise.dev/plugin"
//
//	type Greeter struct{}
//
//	func (Greeter) OnMessage(turn *plugin.Turn[struct{}], message *plugin.Message) error {
//		turn.Reply("Hello! What can I do for you?").Choice("order", "Order status").Choice("agent", "An agent")
//		return nil
//	}
//
//	func main() { plugin.Run(Greeter{}) }
//
// `turnwise plugin build` makes a component of it. Package plugintest plays transcripts against it in `go test`.
package plugin

import (
	"time"

	"turnwise.dev/plugin/log"
)

// Plugin is what every plugin implements: what it does when the user writes.
//
// S is what it remembers of one conversation between turns, as JSON of at most 64 KiB; a conversation starts with its
// zero value. Nothing else lasts: every turn runs in a fresh instance.
//
// What else can happen is handled by a plugin that has the method for it: [BurstHandler], [TimerHandler],
// [ResponseHandler], [DeliveryFailedHandler], [HandoffHandler], [SessionExpiredHandler], [SwitchedHandler],
// [ExternalHandler], or [EventHandler] for all of them. What it says of itself is [Described], and how it reads an older
// version's state [Migrator].
type Plugin[S any] interface {
	OnMessage(turn *Turn[S], message *Message) error
}

// BurstHandler handles several messages that the user wrote within the bot's coalescing window, oldest first. A plugin
// without it handles each like a message that came alone.
type BurstHandler[S any] interface {
	OnBurst(turn *Turn[S], messages []*Message) error
}

// TimerHandler handles a timer of [Turn.StartTimer] that came due.
type TimerHandler[S any] interface {
	OnTimer(turn *Turn[S], timer *TimerFired) error
}

// ResponseHandler handles the answer to a [Turn.Request], or why there is none.
type ResponseHandler[S any] interface {
	OnResponse(turn *Turn[S], response *Response) error
}

// DeliveryFailedHandler handles a reply or campaign of an earlier turn that was not delivered to Braze.
type DeliveryFailedHandler[S any] interface {
	OnDeliveryFailed(turn *Turn[S], failure *DeliveryFailure) error
}

// HandoffHandler handles what became of a [Turn.Handoff].
type HandoffHandler[S any] interface {
	OnHandoff(turn *Turn[S], update HandoffUpdate) error
}

// SessionExpiredHandler handles the end of a session after this much idle time. What is in turn.State afterwards is
// what the next session starts with. For a plugin without it, that is nothing.
type SessionExpiredHandler[S any] interface {
	OnSessionExpired(turn *Turn[S], idle time.Duration) error
}

// SwitchedHandler handles a conversation that another bot passed here; the name is that bot's, the value its payload.
type SwitchedHandler[S any] interface {
	OnSwitched(turn *Turn[S], from *NamedJSON) error
}

// ExternalHandler handles an event that another system pushed in, e.g. "order-shipped".
type ExternalHandler[S any] interface {
	OnExternal(turn *Turn[S], event *NamedJSON) error
}

// EventHandler is passed every event. It is for what concerns all of them, and ends with [Dispatch].
type EventHandler[S any] interface {
	OnEvent(turn *Turn[S], event Event) error
}

// Described says what there is to say of a plugin.
type Described interface {
	Manifest() Manifest
}

// Migrator turns a state that version from stored into one that the plugin's type reads. An error fails the turn as a
// bad state, and the stored state stays as it was.
type Migrator interface {
	Migrate(state string, from uint32) (string, error)
}

// Manifest is what a plugin says of itself. All of it may be left out.
type Manifest struct {
	// Name is for people; by default that of the project's folder.
	Name string
	// Version is the plugin's own, e.g. "1.4.0"; by default "0.0.0".
	Version string
	// StateVersion is written beside every stored state; raise it when Migrate has something new to do. By default 1.
	StateVersion uint32
	// Steps are what [Turn.Step] names, in the order a conversation passes through them.
	Steps []string
	// Connections are what [Turn.Request] calls; each needs a grant in the configuration.
	Connections []string
	// Campaigns are the campaigns and Canvases triggered by name; each needs a grant in the configuration.
	Campaigns []string
	// Handles is what the plugin handles itself that the host otherwise would, e.g. "commands".
	Handles []string
}

// Dispatch hands an event to the plugin's own method for it.
func Dispatch[S any](p Plugin[S], turn *Turn[S], event Event) error {
	switch event := event.(type) {
	case *Message:
		return p.OnMessage(turn, event)
	case Burst:
		if handler, ok := p.(BurstHandler[S]); ok {
			return handler.OnBurst(turn, event)
		}
		for _, message := range event {
			if err := p.OnMessage(turn, message); err != nil {
				return err
			}
		}
	case *TimerFired:
		if handler, ok := p.(TimerHandler[S]); ok {
			return handler.OnTimer(turn, event)
		}
		log.Warn("no OnTimer handles the timer %s", event.Name)
	case *Response:
		if handler, ok := p.(ResponseHandler[S]); ok {
			return handler.OnResponse(turn, event)
		}
		log.Warn("no OnResponse handles the response to %s", event.ID)
	case *DeliveryFailure:
		if handler, ok := p.(DeliveryFailedHandler[S]); ok {
			return handler.OnDeliveryFailed(turn, event)
		}
		log.Warn("campaign %s of turn %d was not delivered: %s", event.Campaign, event.Turn, event.Reason)
	case HandoffUpdate:
		if handler, ok := p.(HandoffHandler[S]); ok {
			return handler.OnHandoff(turn, event)
		}
	case SessionExpired:
		if handler, ok := p.(SessionExpiredHandler[S]); ok {
			return handler.OnSessionExpired(turn, event.Idle)
		}
		var start S
		turn.State = start
	case *Switched:
		if handler, ok := p.(SwitchedHandler[S]); ok {
			return handler.OnSwitched(turn, (*NamedJSON)(event))
		}
		log.Warn("no OnSwitched handles the conversation that came from %s", event.Name)
	case *External:
		if handler, ok := p.(ExternalHandler[S]); ok {
			return handler.OnExternal(turn, (*NamedJSON)(event))
		}
		log.Warn("no OnExternal handles %s", event.Name)
	}
	return nil
}
