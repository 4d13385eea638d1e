// Tcp-timeouts is lesson 8.
package main

func main() {}
