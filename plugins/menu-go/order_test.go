package main

import "testing"

func TestOrderNumbersAreFoundInWhatPeopleWrite(t *testing.T) {
	for text, want := range map[string]string{
		"A-12345":                "A-12345",
		"a12345":                 "A-12345",
		"It's #b-54321, thanks!": "B-54321",
		"12345":                  "12345",
		"12345678":               "12345678",
		"1234":                   "",
		"123456789":              "",
		"A-123456":               "",
		"AB-12345":               "",
		"A--12345":               "",
		"١٢٣٤٥":                  "",
		"":                       "",
		"-":                      "",
	} {
		if number, found := findNumber(text); found != (want != "") || found && number != want {
			t.Errorf("%q: %q, %v", text, number, found)
		}
	}
}

func TestAPostcodeOrAnAddressIsProof(t *testing.T) {
	for _, text := range []string{"10115", "SW1A 1AA", "1010-234", " sam@example.com ", "agent@shop.example"} {
		if !isProof(text) {
			t.Errorf("%q is proof", text)
		}
	}
	for _, text := range []string{
		"", "no", "I don't know", "sam@", "@example.com", "sam@example", "a b@example.com", "12345678901",
	} {
		if isProof(text) {
			t.Errorf("%q is no proof", text)
		}
	}
}
