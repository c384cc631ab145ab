import Bits
