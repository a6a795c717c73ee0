// A module of its own, with no code in it: so nobody downloads the pictures with the
// library.
module example.com/cors/docs/pictures

go 1.25.0
