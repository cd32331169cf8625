// removed as soon as the library has a source
