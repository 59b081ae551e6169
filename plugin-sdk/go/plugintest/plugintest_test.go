package plugintest

import (
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"turnwise.dev/plugin"
)

// echo says back what it was given, in the words of Go.
type echo struct{}

func (echo) OnMessage(turn *plugin.Turn[int], message *plugin.Message) error {
	turn.State++
	turn.Reply(fmt.Sprintf("%+v %+v", *message, *turn.Context()))
	return nil
}

func (echo) OnEvent(turn *plugin.Turn[int], event plugin.Event) error {
	switch event := event.(type) {
	case *plugin.Message:
		return plugin.Dispatch(echo{}, turn, event)
	case *plugin.Response:
		turn.Note(fmt.Sprintf("%s %+v %v", event.ID, event.HTTP, event.Err))
	default:
		turn.Note(fmt.Sprintf("%T %+v", event, event))
	}
	return nil
}

func converseWith(t *testing.T, questions string) (answers []string, report string) {
	t.Helper()
	var written strings.Builder
	report, err := converse(plugin.NewComponent(echo{}), strings.NewReader(questions), &written)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(written.String()), "\n"), report
}

const context = `{"conversation":"c_1","session":1,"turn":2,"user":{"externalId":"user-1","alias":null,"phone":null,` +
	`"language":"en","profileName":null},"source":"whatsapp","now":1767603600000,"seed":7,` +
	`"settings":[{"name":"hours","value":"9"}],"fields":[],"desk":{"tag":"closed","val":1767603600000}}`

func TestQuestionsAreAnswered(t *testing.T) {
	answers, report := converseWith(t, `{"context":`+context+`,"state":"4","event":{"tag":"message","val":{"id":"m_1",`+
		`"text":"hi","media":[{"url":"https://m","mimeType":null}],"choice":null,"flowResponse":null,"received":5}}}`+"\n"+
		`{"done":{"passed":1,"failed":0,"report":"1 passed\n"}}`+"\n")
	if len(answers) != 1 || report != "" {
		t.Fatal(answers, report)
	}
	var answered struct {
		Ok struct {
			State   struct{ Tag, Val string }
			Effects []struct{ Val struct{ Text string } }
		}
	}
	if err := json.Unmarshal([]byte(answers[0]), &answered); err != nil {
		t.Fatal(err)
	}
	if answered.Ok.State.Tag != "replace" || answered.Ok.State.Val != "5" {
		t.Error(answers[0])
	}
	said := answered.Ok.Effects[0].Val.Text
	for _, part := range []string{
		"{ID:m_1 Text:hi Media:[{URL:https://m MIMEType:}] ChoiceID: FlowResponse: Received:1970-01-01 00:00:00.005 +0000 UTC}",
		"User:{ExternalID:user-1 Alias:<nil> Phone: Language:en ProfileName:}",
		"Now:2026-01-05 09:00:00 +0000 UTC Seed:7 Settings:[{Name:hours Value:9}]",
		"Desk:{Status:1 Reopens:2026-01-05 09:00:00 +0000 UTC}",
	} {
		if !strings.Contains(said, part) {
			t.Errorf("%s is not in %s", part, said)
		}
	}
}

func TestEveryEventIsUnderstood(t *testing.T) {
	for event, want := range map[string]string{
		`{"tag":"burst","val":[{"id":"1","text":"a","media":[],"received":0}]}`:                                                             `plugin.Burst [`,
		`{"tag":"timer","val":{"name":"nag","payload":"[1]","due":0}}`:                                                                      `*plugin.TimerFired \u0026{Name:nag Payload:[1]`,
		`{"tag":"response","val":{"id":"r","outcome":{"tag":"ok","val":{"status":200,"headers":[["a","b"]],"body":"x"}}}}`:                  `r \u0026{Status:200 Headers:[{Name:a Value:b}] Body:x} \u003cnil\u003e`,
		`{"tag":"response","val":{"id":"r","outcome":{"tag":"err","val":{"tag":"timeout"}}}}`:                                               `r \u003cnil\u003e timeout`,
		`{"tag":"response","val":{"id":"r","outcome":{"tag":"err","val":{"tag":"denied","val":"no grant"}}}}`:                               `denied: no grant`,
		`{"tag":"delivery-failed","val":{"turn":1,"campaign":"reply","reason":"out","ambiguous":true}}`:                                     `{Turn:1 Campaign:reply Reason:out Ambiguous:true}`,
		`{"tag":"handoff","val":{"tag":"failed","val":"closed"}}`:                                                                           `plugin.HandoffFailed {Reason:closed}`,
		`{"tag":"handoff","val":{"tag":"accepted","val":null}}`:                                                                             `plugin.HandoffAccepted {Agent:}`,
		`{"tag":"handoff","val":{"tag":"returned","val":{"agent":"Ana","note":null,"transcript":[{"at":0,"author":"agent","text":"hi"}]}}}`: `{Agent:Ana Note: Transcript:[{At:1970-01-01 00:00:00 +0000 UTC Author:2 Text:hi}]}`,
		`{"tag":"session-expired","val":3600}`:                                                                                              `{Idle:1h0m0s}`,
		`{"tag":"switched","val":{"name":"faq","value":"1"}}`:                                                                               `*plugin.Switched \u0026{Name:faq Value:1}`,
		`{"tag":"external","val":{"name":"x","value":"null"}}`:                                                                              `*plugin.External`,
	} {
		answers, _ := converseWith(t, `{"context":`+context+`,"state":null,"event":`+event+"}\n")
		if !strings.Contains(answers[0], want) {
			t.Errorf("%s was answered %s", event, answers[0])
		}
	}
}

func TestAReportIsTold(t *testing.T) {
	_, report := converseWith(t, `{"done":{"passed":0,"failed":1,"report":"menu.chat:3: not so"}}`+"\n")
	if report != "menu.chat:3: not so" {
		t.Error(report)
	}
}

func TestAnEventOfTheFutureIsAnError(t *testing.T) {
	question := `{"context":` + context + `,"state":null,"event":{"tag":"telepathy","val":1}}` + "\n"
	if _, err := converse(plugin.NewComponent(echo{}), strings.NewReader(question), io.Discard); err == nil {
		t.Error("nobody knows telepathy")
	}
}

func TestWhoeverPlaysMustBeThere(t *testing.T) {
	err := play(plugin.NewComponent(echo{}), exec.Command("turnwise-that-is-not-there"))
	if err == nil || !strings.Contains(err.Error(), "TURNWISE") {
		t.Error(err)
	}
	err = play(plugin.NewComponent(echo{}), exec.Command("false"))
	if err == nil {
		t.Error("a command that fails without a word has not played")
	}
}

// mistaken has a handler with a wrong argument, and one that does not exist.
type mistaken struct{ echo }

func (mistaken) OnTimer(turn *plugin.Turn[int], timer time.Time) error { return nil }
func (mistaken) OnMessages(turn *plugin.Turn[int]) error               { return nil }

func TestHandlersThatAreNoneAreFound(t *testing.T) {
	found := mistakenHandlers(mistaken{})
	if len(found) != 2 || !strings.Contains(found[0], "OnMessages") || !strings.Contains(found[1], "OnTimer would never be called: it is no func(*plugin.Turn[int], *plugin.TimerFired) error") {
		t.Errorf("%q", found)
	}
	if found := mistakenHandlers(echo{}); len(found) != 0 {
		t.Errorf("%q", found)
	}
}
