// Tcp-many-clients is lesson 7.
package main

func main() {}
