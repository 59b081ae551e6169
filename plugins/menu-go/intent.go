package main

import (
	"slices"
	"strings"
	"unicode"

	"turnwise.dev/plugin"
)

// Intent is what a message asks for, by the button tapped or else by its words.
type Intent int

const (
	IntentNone Intent = iota
	IntentMenu
	IntentAgent
	IntentStop
	IntentDone
	IntentOrder
	IntentHours
)

func intentOf(message *plugin.Message) Intent {
	switch message.ChoiceID {
	case "menu":
		return IntentMenu
	case "agent":
		return IntentAgent
	case "done":
		return IntentDone
	case "order":
		return IntentOrder
	case "hours":
		return IntentHours
	}
	return intentOfText(strings.ToLower(message.Text))
}

func intentOfText(text string) Intent {
	words := strings.Fields(text)
	for i, word := range words {
		// Only punctuation around a word is taken off: `agent@example.com` is not the word "agent".
		words[i] = strings.TrimFunc(word, func(char rune) bool { return !isAlphabetic(char) && !unicode.IsNumber(char) })
	}
	has := func(wanted ...string) bool {
		return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(wanted, word) })
	}
	is := func(wanted ...string) bool { return len(words) == 1 && has(wanted...) }
	_, hasNumber := findNumber(text)
	switch {
	case has("agent", "human"):
		return IntentAgent
	case is("menu", "back", "help", "restart"):
		return IntentMenu
	case is("stop"):
		return IntentStop
	case hasNumber:
		// "Where is order 12345?" is answered by what takes the number.
		return IntentNone
	case has("order", "orders", "package", "parcel", "delivery"):
		return IntentOrder
	case has("hours", "open", "opening"):
		return IntentHours
	}
	return IntentNone
}

// isAlphabetic is Unicode's Alphabetic, which is more than letters: the vowel signs of many scripts are no letters.
func isAlphabetic(char rune) bool {
	return unicode.In(char, unicode.Letter, unicode.Nl, unicode.Other_Alphabetic)
}
