module example.com/cors/interop

go 1.25.0

require (
	example.com/cors v0.0.0
	github.com/stretchr/testify v1.12.1
)

require (
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/net v0.55.0 // indirect
)

// The x/net whose Public Suffix List is nearest in date to internal/publicsuffix.
// It has a name of its own here: a neighbour that requires a newer x/net would
// otherwise bring in another list. Only its package publicsuffix is used; an example
// in there is why go mod tidy wants an x/net under its own name as well.
require example.com/net2022 v0.14.0

replace (
	example.com/cors => ../
	example.com/net2022 => golang.org/x/net v0.14.0
)
