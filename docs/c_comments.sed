# Lets Doxygen read the comments of kigumi.h, which are plain C.
1s,^/\*,/** @file kigumi.h\n\n,
s,^\( *\)/\* \([^-]\),\1/** \2,
s,\([,;]\)\( *\)/\* ,\1\2/**< ,
