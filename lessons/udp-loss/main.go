// Udp-loss is lesson 9.
package main

func main() {}
