module turnwise.dev/plugin

go 1.26
