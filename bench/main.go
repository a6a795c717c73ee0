package main

const leftOutMark = "left out:"

func main() {}
