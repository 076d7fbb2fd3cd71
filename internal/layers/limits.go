package layers

// Max is how many layers an image may have. Docker itself takes 127.
const Max = 512

// Limits on what an image may hold. The image of a
// server has some tens of thousands of files in some hundred megabytes.
const (
	maxStored    = 32 << 30   // bytes that are read of layers, of each as often as it is read
	maxUnpacked  = 32 << 30   // bytes that they unpack to, and at most
	freeUnpacked = 1 << 30    // so many and
	maxRatio     = 64         // so many times what is stored: layers of real images have 2 to 5 times
	maxHeaders   = 4 << 20    // entries of tars, of each as often as it is read
	maxEntries   = 400_000    // names that are kept, over all layers
	maxLinks     = 8 << 20    // bytes of link targets that are kept
	maxGoFiles   = 100        // Go programs that are noted
	maxName      = 4 << 10    // bytes of a path, PATH_MAX
	maxHops      = 40         // symbolic links on the way to a file, as Linux has it
	maxLookups   = 10_000_000 // of paths and what they are in, in layers; real images need some thousands
	maxWindow    = 32 << 20   // bytes that a zstd decoder must keep; level 20 needs that
)
