package main

import (
	"strings"
	"unicode"
)

// findNumber is the first order number in a text, in the shop's spelling: `A-12345`, or 5 to 8 digits.
func findNumber(text string) (number string, found bool) {
	for _, word := range strings.Fields(text) {
		word = strings.TrimFunc(word, func(char rune) bool { return !isLetter(char) && !isDigit(char) })
		if number, found = parseNumber(word); found {
			return number, true
		}
	}
	return "", false
}

func parseNumber(word string) (number string, found bool) {
	if word == "" {
		return "", false
	}
	if !isLetter(rune(word[0])) {
		return word, len(word) >= 5 && len(word) <= 8 && isDigits(word)
	}
	digits := strings.TrimPrefix(word[1:], "-")
	return strings.ToUpper(word[:1]) + "-" + digits, len(digits) == 5 && isDigits(digits)
}

// isProof reports whether this could be a postcode or an e-mail address, of any country.
func isProof(text string) bool {
	text = strings.TrimSpace(text)
	return isEmail(text) || isPostcode(text)
}

func isEmail(text string) bool {
	name, domain, found := strings.Cut(text, "@")
	return found && name != "" &&
		!strings.ContainsFunc(text, unicode.IsSpace) &&
		!strings.Contains(domain, "@") &&
		strings.Contains(domain, ".") &&
		!strings.Contains("."+domain+".", "..")
}

func isPostcode(text string) bool {
	isForeign := func(char rune) bool { return !isLetter(char) && !isDigit(char) && char != ' ' && char != '-' }
	return len(text) >= 3 && len(text) <= 10 &&
		strings.ContainsFunc(text, isDigit) && !strings.ContainsFunc(text, isForeign)
}

// status is where the order is. Made up, but always the same for one order: this example has no shop behind it.
func status(order string) string {
	statuses := [...]string{
		"is being packed", "is on its way and should arrive tomorrow", "is out for delivery today", "was delivered",
	}
	sum := 0
	for _, char := range order {
		if isDigit(char) {
			sum += int(char - '0')
		}
	}
	return statuses[sum%len(statuses)]
}

func isDigits(text string) bool {
	return !strings.ContainsFunc(text, func(char rune) bool { return !isDigit(char) })
}

// The shop's numbers and the world's postcodes are of ASCII letters and digits.
func isLetter(char rune) bool { return 'a' <= char && char <= 'z' || 'A' <= char && char <= 'Z' }

func isDigit(char rune) bool { return '0' <= char && char <= '9' }
