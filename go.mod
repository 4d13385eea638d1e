module example.com/sockets

go 1.25.0

require (
	example.com/sockets/shared v0.0.0
	github.com/rogpeppe/go-internal v1.16.0
)

require (
	github.com/clipperhouse/uax29/v2 v2.2.0 // indirect
	github.com/fatih/color v1.19.0 // indirect
	github.com/fsnotify/fsnotify v1.10.1 // indirect
	github.com/mattn/go-colorable v0.1.14 // indirect
	github.com/mattn/go-isatty v0.0.20 // indirect
	github.com/mattn/go-runewidth v0.0.31 // indirect
	golang.org/x/term v0.41.0 // indirect
)

require (
	golang.org/x/sys v0.42.0 // indirect
	golang.org/x/tools v0.26.0 // indirect
)

replace example.com/sockets/shared => ./shared

tool (
	example.com/sockets/shared/cmd/badnet
	example.com/sockets/shared/cmd/pair
	example.com/sockets/shared/cmd/progress
)
