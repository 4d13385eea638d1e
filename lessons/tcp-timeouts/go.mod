module example.com/sockets/lessons/tcp-timeouts

go 1.25.0

require example.com/sockets/shared v0.0.0

require golang.org/x/sys v0.42.0 // indirect

replace example.com/sockets/shared => ../../shared
