module menu-go

go 1.26

require turnwise.dev/plugin v0.0.0

replace turnwise.dev/plugin => ../../plugin-sdk/go
