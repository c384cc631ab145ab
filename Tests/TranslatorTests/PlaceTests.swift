import Testing
import Translator

@Test func placesKnowTheirFile() {
    #expect(Place.x(31).isX && !Place.x(31).isF && Place.x(31).index == 31)
    #expect(Place.f(0).isF && !Place.f(0).isX && Place.f(31).index == 31)
    #expect(Place.temporary(5).isTemporary && Place.temporary(5).index == 5)
    #expect(!Place.immediate.isX && !Place.immediate.isF && !Place.none.isTemporary)
}
