"""One gate, one file. A gate looks, says what it found, and changes nothing."""
