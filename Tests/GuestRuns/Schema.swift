import Control

/// As much of JSON Schema as `Docs/openapi.json` uses; a keyword that is not known is a finding, so
/// that nothing is taken for checked that is not.
struct Schema {
    let document: JSON

    /// What is wrong with a value, as sentences.
    func findings(_ value: JSON, _ schema: JSON, at place: String = "$") -> [String] {
        guard case .object(let members) = schema else { return ["\(place): no schema"] }
        return members.flatMap { finding(value, $0.name, $0.value, schema, place) }
    }

    func resolve(_ reference: String) -> JSON? {
        var value: JSON? = document
        for name in reference.split(separator: "/").dropFirst() { value = value?[String(name)] }
        return value
    }

    private func finding(
        _ value: JSON, _ keyword: String, _ wanted: JSON, _ schema: JSON, _ place: String
    ) -> [String] {
        switch keyword {
        case "description", "format": return []
        case "$ref":
            guard let target = resolve(wanted.text ?? "") else {
                return ["\(place): dead reference"]
            }
            return findings(value, target, at: place)
        case "type":
            let names = wanted.text.map { [$0] } ?? wanted.elements.compactMap(\.text)
            return names.contains { isType(value, $0) } ? [] : ["\(place): \(value) is no \(names)"]
        case "enum":
            return wanted.elements.contains(value) ? [] : ["\(place): \(value) is not listed"]
        case "const": return value == wanted ? [] : ["\(place): \(value) is not \(wanted)"]
        case "minimum":
            return (value.number ?? .infinity) >= (wanted.number ?? 0)
                ? [] : ["\(place): too small"]
        case "maximum":
            return (value.number ?? 0) <= (wanted.number ?? 0) ? [] : ["\(place): too large"]
        case "minLength":
            return (value.text?.count ?? 0) >= Int(wanted.integer ?? 0)
                ? [] : ["\(place): too short"]
        case "minItems":
            return value.elements.count >= Int(wanted.integer ?? 0) ? [] : ["\(place): too few"]
        case "items":
            return value.elements.enumerated().flatMap {
                findings($1, wanted, at: "\(place)[\($0)]")
            }
        case "required":
            return wanted.elements.compactMap(\.text).filter { value[$0] == nil }
                .map { "\(place): no \($0)" }
        case "properties":
            guard case .object(let members) = value else { return [] }
            return members.flatMap { member in
                wanted[member.name].map {
                    findings(member.value, $0, at: "\(place).\(member.name)")
                } ?? []
            }
        case "additionalProperties":
            guard case .object(let members) = value, wanted == .bool(false) else { return [] }
            return members.filter { schema["properties"]?[$0.name] == nil }
                .map { "\(place): \($0.name) is not in the schema" }
        default: return ["\(place): the keyword \(keyword) is not known to this test"]
        }
    }

    private func isType(_ value: JSON, _ name: String) -> Bool {
        switch (name, value) {
        case ("object", .object), ("array", .array), ("string", .string), ("boolean", .bool),
            ("null", .null), ("integer", .integer), ("number", .integer), ("number", .number):
            true
        default: false
        }
    }
}
