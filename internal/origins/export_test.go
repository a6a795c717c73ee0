package origins

// CheckKind is what Parse and Suggest ask about a text that is no pattern.
var CheckKind = checkKind
