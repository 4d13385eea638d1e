package exam

import "net"

// NoSocket is no wrong idea: the system gave the checker itself no socket.
var NoSocket = Diagnosis{
	Name: "no-socket",
	Idea: "This is not about your code: the system gave the checker no socket. Close some programs, then run the test again.",
	Read: "README.md#when-an-exercise-fails",
}

// Connect makes a TCP connection on loopback and returns both its ends: one for
// the answer, one for the peer that the case plays. Both are closed when the case
// ends. Where it cannot be made, Connect reports that, and ok is false.
func (tr *Trial) Connect() (answer, peer *net.TCPConn, ok bool) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tr.Wrong(NoSocket, "%v", err)
		return nil, nil, false
	}
	defer ln.Close()
	dialed, err := net.Dial("tcp", ln.Addr().String()) // the queue takes it, before any accept
	if err != nil {
		tr.Wrong(NoSocket, "%v", err)
		return nil, nil, false
	}
	accepted, err := ln.Accept()
	if err != nil {
		dialed.Close()
		tr.Wrong(NoSocket, "%v", err)
		return nil, nil, false
	}
	tr.Cleanup(func() { dialed.Close(); accepted.Close() })
	return dialed.(*net.TCPConn), accepted.(*net.TCPConn), true
}
