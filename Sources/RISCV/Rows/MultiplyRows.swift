/// M.
let multiplyRows: [Row] = [
    .r(.mul, "mul", 0b0000001, 0b000, 0b0110011, .register, .m),
    .r(.mulh, "mulh", 0b0000001, 0b001, 0b0110011, .register, .m),
    .r(.mulhsu, "mulhsu", 0b0000001, 0b010, 0b0110011, .register, .m),
    .r(.mulhu, "mulhu", 0b0000001, 0b011, 0b0110011, .register, .m),
    .r(.div, "div", 0b0000001, 0b100, 0b0110011, .register, .m),
    .r(.divu, "divu", 0b0000001, 0b101, 0b0110011, .register, .m),
    .r(.rem, "rem", 0b0000001, 0b110, 0b0110011, .register, .m),
    .r(.remu, "remu", 0b0000001, 0b111, 0b0110011, .register, .m),
    .r(.mulw, "mulw", 0b0000001, 0b000, 0b0111011, .register, .m),
    .r(.divw, "divw", 0b0000001, 0b100, 0b0111011, .register, .m),
    .r(.divuw, "divuw", 0b0000001, 0b101, 0b0111011, .register, .m),
    .r(.remw, "remw", 0b0000001, 0b110, 0b0111011, .register, .m),
    .r(.remuw, "remuw", 0b0000001, 0b111, 0b0111011, .register, .m),
]
