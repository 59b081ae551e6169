// A guest that does, on request, what no plugin should: the text of a message says what. Anything else is echoed.
package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"turnwise.dev/plugin"
	"turnwise.dev/plugin/log"
)

// stateBytesMax is the host's limit.
const stateBytesMax = 64 << 10

// Turn keeps a text.
type Turn = plugin.Turn[string]

// Hostile is the guest.
type Hostile struct{}

func main() { plugin.Run(Hostile{}) }

var (
	// calls survives a turn only where an instance does.
	calls int
	hoard [][]byte
	zero  int
)

// OnMessage does what it is told.
func (Hostile) OnMessage(turn *Turn, message *plugin.Message) error {
	calls++
	words := strings.Split(message.Text, " ")
	count, notCounted := strconv.Atoi(words[0])
	switch {
	// What ends a turn.
	case message.Text == "panic":
		panic("asked to panic")
	case message.Text == "divide by zero":
		turn.Reply(strconv.Itoa(7 / zero))
	case message.Text == "out of bounds":
		turn.Reply(words[7+zero])
	case message.Text == "stack overflow":
		turn.Reply(strconv.Itoa(descend(0)))
	case message.Text == "exit":
		os.Exit(3)
	case message.Text == "panic elsewhere":
		done := make(chan bool)
		go func() { panic("asked to panic elsewhere") }()
		<-done
	case message.Text == "deadlock":
		<-make(chan bool)

	// Time.
	case message.Text == "loop":
		for {
			calls++
		}
	case message.Text == "loop calling log":
		for {
			log.Debug("")
		}
	case message.Text == "sleep without end":
		for {
			time.Sleep(time.Hour)
		}
	case words[0] == "sleep":
		duration, err := time.ParseDuration(words[1])
		if err != nil {
			return err
		}
		before := time.Now()
		time.Sleep(duration)
		turn.Reply(fmt.Sprintf("slept %v, the time is %v later", duration, time.Since(before).Round(time.Second)))

	// Space.
	case message.Text == "grow memory":
		for {
			hoard = append(hoard, slices.Repeat([]byte{1}, 1<<20))
		}
	case message.Text == "huge text":
		turn.Reply(strings.Repeat("x", 60<<20))
	case message.Text == "million effects":
		cancelTimers(turn, 1_000_000)
	case notCounted == nil && len(words) == 2 && words[1] == "effects":
		cancelTimers(turn, count)
	case message.Text == "big state":
		// JSON, and one byte over the limit, quotes included.
		turn.State = strings.Repeat("s", stateBytesMax-1)
		turn.Reply("big state")
	case message.Text == "log flood":
		line := strings.Repeat("l", 1024)
		for range 100_000 {
			log.Info(line)
		}
		turn.Reply("logged 100 MB")
	case message.Text == "log line":
		log.Info(strings.Repeat("l", 8<<20))
		turn.Reply("logged one line of 8 MB")

	// What the user must never see, or see only as text.
	case message.Text == "nul text":
		turn.Reply("before\x00after")
	case message.Text == "invalid text":
		turn.Reply("before\xffafter")
	case message.Text == "invalid log":
		logBytes([]byte("before\xffafter"))
		turn.Reply("logged what is no text")
	case message.Text == "empty text":
		turn.Reply("")
	case message.Text == "bad json":
		turn.Custom("broken", broken{})

	// Errors that the contract has.
	case message.Text == "error":
		return errors.New("asked for an error")

	// What is outside.
	case message.Text == "file":
		_, err := os.ReadFile("/etc/passwd")
		return err
	case message.Text == "socket":
		_, err := net.Dial("tcp", "127.0.0.1:80")
		return err
	case message.Text == "environment":
		turn.Reply(fmt.Sprintf("%d variables, %d arguments", len(os.Environ()), len(os.Args)))

	// What an instance and its context are.
	case message.Text == "static":
		turn.Reply(strconv.Itoa(calls))
	case message.Text == "clock":
		context := turn.Context()
		turn.Reply(fmt.Sprintf("now %d seed %d", context.Now.UnixMilli(), context.Seed))
	case message.Text == "everything random":
		turn.Reply(everythingRandom(turn))
	case message.Text == "state":
		turn.Reply(turn.State)
	case words[0] == "remember":
		turn.State = words[1]
		turn.Reply("remembered")
	case message.Text == "forget":
		turn.State = ""
		turn.Reply("forgotten")
	default:
		turn.Reply(message.Text)
	}
	return nil
}

func cancelTimers(turn *Turn, count int) {
	for range count {
		turn.CancelTimer("")
	}
}

// descend goes deeper for ever. What is added after the call keeps it from becoming a loop.
func descend(depth int) int { return descend(depth+1) + depth + zero }

// broken says that it is JSON.
type broken struct{}

func (broken) MarshalJSON() ([]byte, error) { return []byte(`{"a":`), nil }

// everythingRandom is the same in every turn of the same time and seed, and different in others.
func everythingRandom(turn *Turn) string {
	var order []string
	names := map[string]bool{"a": true, "b": true, "c": true, "d": true, "e": true, "f": true}
	for name := range names {
		order = append(order, name)
	}
	bytes := make([]byte, 4)
	rand.Read(bytes)
	ready, picked := make(chan int, 8), 0
	for i := range 8 {
		go func() { ready <- i }()
	}
	for range 8 {
		picked = picked*8 + <-ready
	}
	return fmt.Sprint(order, bytes, mathrand.Int63(), picked, turn.RandomBelow(1000), time.Now().UTC().Format(time.RFC3339Nano))
}
